// libmosquitto as an external-loop connection: we say when it reads, and when it may write.
//
// After `mosquitto_threaded_set(true)` libmosquitto only queues the acknowledgement of a QoS 1 message when it hands
// the message over; it leaves with the next `mosquitto_loop_write`. So a batch can be on the disk before the broker
// hears that it arrived. Closing the socket instead lets the queued acknowledgements die, and the broker sends again.

internal import CMosquitto
internal import Glibc
internal import Synchronization

/// How to reach a broker.
public struct LinkOptions: Sendable {
  /// Host name or address.
  public var host: String
  /// Port.
  public var port: Int
  /// The client identifier.
  public var clientID: String
  /// User name, if any.
  public var username: String?
  /// Password, if any.
  public var password: String?
  /// MQTT 5 or 3.1.1.
  public var usesMQTT5: Bool
  /// Whether the broker keeps the session while we are away.
  public var keepsSession: Bool
  /// Unacknowledged messages the broker may send (MQTT 5).
  public var receiveMaximum: Int
  /// Seconds between signs of life.
  public var keepAlive: Int
  /// Certificates to trust; encrypts the connection.
  public var certificateAuthorities: String?
  /// Our own certificate, for brokers that ask for one.
  public var certificate: String?
  /// Its private key, without a passphrase.
  public var key: String?
  /// What the broker publishes, retained, when we vanish.
  public var will: (topic: String, payload: [UInt8])?

  /// Options for a broker on this machine.
  public init(
    host: String, port: Int, clientID: String, username: String? = nil, password: String? = nil,
    usesMQTT5: Bool = true, keepsSession: Bool = true, receiveMaximum: Int = 2000, keepAlive: Int = 30,
    certificateAuthorities: String? = nil, certificate: String? = nil, key: String? = nil,
    will: (topic: String, payload: [UInt8])? = nil
  ) {
    self.host = host
    self.port = port
    self.clientID = clientID
    self.username = username
    self.password = password
    self.usesMQTT5 = usesMQTT5
    self.keepsSession = keepsSession
    self.receiveMaximum = receiveMaximum
    self.keepAlive = keepAlive
    self.certificateAuthorities = certificateAuthorities
    self.certificate = certificate
    self.key = key
    self.will = will
  }
}

/// What happened on a connection.
public enum LinkEvent: Sendable {
  /// The broker accepted us.
  case connected(sessionPresent: Bool)
  /// The broker refused us, or the connection ended.
  case lost(reason: String)
  /// A message came.
  case message(LinkMessage)
  /// The broker answered a subscription; true for each filter it accepted.
  case subscribed(packet: Int, accepted: [Bool])
  /// The broker has a message that we published with QoS 1, or refused it (MQTT 5 says so, older ones do not).
  case published(packet: Int, isAccepted: Bool)
}

/// A message as libmosquitto hands it over, copied.
public struct LinkMessage: Sendable {
  /// Its topic.
  public var topic: String
  /// Its payload.
  public var payload: [UInt8]
  /// Its quality of service.
  public var qos: Int
  /// Whether the broker had kept it.
  public var isRetained: Bool
  /// Its packet identifier.
  public var packet: Int

  /// A message.
  public init(topic: String, payload: [UInt8], qos: Int, isRetained: Bool, packet: Int) {
    self.topic = topic
    self.payload = payload
    self.qos = qos
    self.isRetained = isRetained
    self.packet = packet
  }
}

/// What a broker said of itself when it accepted us (MQTT 5); what it left out it does not limit.
public struct BrokerLimits: Hashable, Sendable {
  /// Messages of ours that it takes at once without having acknowledged them.
  public var receiveMaximum = 65_535
  /// Bytes of a packet that it takes; nil without a limit.
  public var maximumPacket: Int?
  /// Whether it keeps messages for those who come later.
  public var retains = true
  /// Whether filters may have wildcards.
  public var hasWildcards = true
  /// The highest quality of service that it knows.
  public var maximumQoS = 2
}

/// One connection to a broker.
///
/// `@unchecked Sendable`: libmosquitto's functions are called by one owner at a time, the loop's queue, except for
/// `connect`, which blocks: the owner hands the link to another thread for that one call and touches it again only
/// after it returned. Callbacks run inside those calls, on the same thread.
@safe public final class MQTTLink: @unchecked Sendable {
  private let handle: OpaquePointer
  private let options: LinkOptions
  private var events: [LinkEvent] = []
  private var callbacks = 0
  /// What the broker said when it accepted us; nil before that.
  public private(set) var limits: BrokerLimits?
  /// What OpenSSL had to say since the last attempt to connect: libmosquitto's codes only tell that TLS failed.
  private var complaints: [String] = []
  /// What it had to say at the last attempt that it said anything of.
  private var earlierComplaints: [String] = []

  /// Prepares a connection; nothing is sent before ``connect()``.
  ///
  /// - Returns: nil when memory is short or an option is not text libmosquitto can use.
  public init?(_ options: LinkOptions) {
    _ = Self.library
    self.options = options
    guard let created = unsafe mosquitto_new(options.clientID, !options.keepsSession, nil) else { return nil }
    unsafe handle = created
    unsafe mosquitto_threaded_set(handle, true)
    // The owner outlives the registration: `deinit` destroys the handle before the object goes.
    unsafe mosquitto_user_data_set(handle, Unmanaged.passUnretained(self).toOpaque())
    unsafe mosquitto_int_option(
      handle, MOSQ_OPT_PROTOCOL_VERSION, options.usesMQTT5 ? MQTT_PROTOCOL_V5 : MQTT_PROTOCOL_V311)
    if options.usesMQTT5 {
      unsafe mosquitto_int_option(handle, MOSQ_OPT_RECEIVE_MAXIMUM, Int32(options.receiveMaximum))
    }
    unsafe mosquitto_int_option(handle, MOSQ_OPT_TCP_NODELAY, 1)
    var codes: [Int32] = []
    if let username = options.username {
      codes.append(unsafe mosquitto_username_pw_set(handle, username, options.password))
    }
    if let authorities = options.certificateAuthorities {
      // Without an answer of ours OpenSSL would ask for a key's passphrase on the terminal, and wait.
      codes.append(
        unsafe mosquitto_tls_set(handle, authorities, nil, options.certificate, options.key) { _, _, _, _ in 0 })
    }
    if let will = options.will {
      codes.append(unsafe mosquitto_will_set(handle, will.topic, Int32(will.payload.count), will.payload, 1, true))
    }
    // Going on without what was asked for could mean a password in plain text.
    guard codes.allSatisfy({ $0 == Int32(MOSQ_ERR_SUCCESS.rawValue) }) else { return nil }
    setCallbacks()
    if options.certificateAuthorities != nil { setLogCallback() }
  }

  deinit { unsafe mosquitto_destroy(handle) }

  /// Bytes of one packet at most (MQTT 5): room to count what is too large for a sensor's message.
  static let maximumPacket = 2 << 20

  private static let library: Int32 = mosquitto_lib_init()

  /// Connects, and waits until the network answers; to be called away from the loop.
  ///
  /// What the broker says comes
  /// later, as an event.
  ///
  /// - Returns: nil when the network answered, otherwise why not.
  public func connect() -> String? {
    if !complaints.isEmpty { earlierComplaints = complaints }
    complaints = []
    var properties: OpaquePointer?
    if options.usesMQTT5 && options.keepsSession {
      // Without an expiry an MQTT 5 session ends with its connection.
      unsafe mosquitto_property_add_int32(&properties, Int32(MQTT_PROP_SESSION_EXPIRY_INTERVAL.rawValue), 14 * 86_400)
    }
    if options.usesMQTT5 {
      // libmosquitto would take 256 MB in one piece; the broker drops what is larger than we say.
      unsafe mosquitto_property_add_int32(
        &properties, Int32(MQTT_PROP_MAXIMUM_PACKET_SIZE.rawValue), UInt32(Self.maximumPacket))
    }
    let code = unsafe mosquitto_connect_bind_v5(
      handle, options.host, Int32(options.port), Int32(options.keepAlive), nil, properties)
    let systemError = errno
    unsafe mosquitto_property_free_all(&properties)
    return code == Int32(MOSQ_ERR_SUCCESS.rawValue) ? nil : reason(code, systemError)
  }

  /// Complaints that are kept of one attempt to connect.
  private static let complaintLimit = 4

  /// Why a call failed: what OpenSSL said, if it was that.
  private func reason(_ code: Int32, _ systemError: Int32 = errno) -> String {
    // A broker that refuses our certificate says so once, and a write that comes after it finds only the end.
    let isSilent = complaints.isEmpty && code == Int32(MOSQ_ERR_ERRNO.rawValue) && systemError == EPROTO
    let said = isSilent ? earlierComplaints : complaints
    return said.isEmpty ? Self.text(code, systemError) : "TLS failed: \(said.joined(separator: "; "))"
  }

  private static func text(_ code: Int32, _ systemError: Int32 = errno) -> String {
    if code == Int32(MOSQ_ERR_ERRNO.rawValue) { return unsafe String(cString: strerror(systemError)) }
    return unsafe String(cString: mosquitto_strerror(code))
  }

  /// The socket to wait on; nil without a connection.
  public var socket: Int32? {
    let descriptor = unsafe mosquitto_socket(handle)
    return descriptor < 0 ? nil : descriptor
  }

  /// Reads packets until the socket is empty or so many messages have come, and returns what happened.
  public func read(limit: Int) -> [LinkEvent] {
    guard socket != nil else { return takeEvents() }
    var messages = 0
    while messages < limit {
      let before = callbacks
      // Debian's 2.0.11 reads one packet a call, whatever its last argument.
      let code = unsafe mosquitto_loop_read(handle, 1)
      if code != Int32(MOSQ_ERR_SUCCESS.rawValue) {
        loseIfSilent(code)
        break
      }
      // A call without a callback found the socket empty, or a packet that says nothing: the next wait tells.
      if callbacks == before { break }
      messages += callbacks - before
    }
    return takeEvents()
  }

  private func takeEvents() -> [LinkEvent] {
    defer { events.removeAll(keepingCapacity: true) }
    return events
  }

  private func loseIfSilent(_ code: Int32) {
    if case .lost = events.last { return }
    events.append(.lost(reason: reason(code)))
  }

  /// Sends what is queued, acknowledgements included.
  ///
  /// libmosquitto writes each packet by itself: held back until all are written, hundreds of acknowledgements leave as a
  /// few segments instead of as many.
  public func write() {
    guard let held = socket else { return }
    let isHeld = wantsWrite
    if isHeld { hold(held, true) }
    let code = unsafe mosquitto_loop_write(handle, 1)
    if isHeld, let socket { hold(socket, false) }
    if code != Int32(MOSQ_ERR_SUCCESS.rawValue) { loseIfSilent(code) }
  }

  private func hold(_ socket: Int32, _ isHeld: Bool) {
    var value: Int32 = isHeld ? 1 : 0
    unsafe setsockopt(socket, Int32(IPPROTO_TCP), TCP_CORK, &value, socklen_t(MemoryLayout<Int32>.size))
  }

  /// Whether something is queued that the socket has not taken.
  public var wantsWrite: Bool { unsafe socket != nil && mosquitto_want_write(handle) }

  /// Keeps the connection alive; to be called about once a second.
  public func keepAlive() {
    guard socket != nil else { return }
    let code = unsafe mosquitto_loop_misc(handle)
    if code != Int32(MOSQ_ERR_SUCCESS.rawValue) { loseIfSilent(code) }
  }

  /// Packets that a closed socket may still hold: more than its buffer has room for.
  private static let abandonedPackets = 1 << 20

  /// Closes the socket without sending what is queued: the broker delivers again what was not acknowledged.
  public func abandon() {
    guard let socket else { return }
    // What had arrived is still read, then libmosquitto finds the end and calls the disconnect callback; nothing can be
    // written any more.
    shutdown(socket, Int32(SHUT_RDWR))
    for _ in 0..<Self.abandonedPackets where self.socket != nil { _ = unsafe mosquitto_loop_read(handle, 1) }
    events.removeAll { if case .message = $0 { true } else { false } }
  }

  /// Says goodbye: the last will is not published.
  public func disconnect() {
    unsafe mosquitto_disconnect(handle)
    write()
  }

  /// Asks for filters; the answer comes as an event with the returned packet identifier.
  public func subscribe(_ filters: [String], qos: Int) -> Int? {
    var packet: Int32 = 0
    var pointers = unsafe filters.map { unsafe strdup($0) }
    defer { unsafe pointers.forEach { unsafe free($0) } }
    let code = unsafe pointers.withUnsafeMutableBufferPointer { buffer in
      unsafe mosquitto_subscribe_multiple(
        handle, &packet, Int32(buffer.count), buffer.baseAddress, Int32(qos), subscribeOptions, nil)
    }
    return code == Int32(MOSQ_ERR_SUCCESS.rawValue) ? Int(packet) : nil
  }

  /// Kept messages are wanted for a new subscription only, not each time a session is resumed.
  private var subscribeOptions: Int32 {
    options.usesMQTT5 ? Int32(MQTT_SUB_OPT_SEND_RETAIN_NEW.rawValue) : 0
  }

  /// Ends the subscription of a filter.
  public func unsubscribe(_ filter: String) { unsafe mosquitto_unsubscribe(handle, nil, filter) }

  /// Queues a message for the broker.
  ///
  /// - Returns: its packet identifier, or nil when it cannot be queued.
  public func publish(_ topic: String, _ payload: [UInt8], qos: Int, retain: Bool) -> Int? {
    var packet: Int32 = 0
    let code = unsafe mosquitto_publish(handle, &packet, topic, Int32(payload.count), payload, Int32(qos), retain)
    return code == Int32(MOSQ_ERR_SUCCESS.rawValue) ? Int(packet) : nil
  }

  // MARK: Callbacks

  private func note(_ event: LinkEvent) {
    callbacks += 1
    events.append(event)
  }

  private func setCallbacks() {
    unsafe mosquitto_connect_v5_callback_set(handle) { _, context, code, flags, properties in
      guard let link = unsafe MQTTLink.link(context) else { return }
      if code == 0 {
        link.limits = unsafe MQTTLink.limits(properties)
        link.note(.connected(sessionPresent: flags & 1 != 0))
      } else {
        let reason =
          link.options.usesMQTT5
          ? unsafe String(cString: mosquitto_reason_string(code))
          : unsafe String(cString: mosquitto_connack_string(code))
        link.note(.lost(reason: reason))
      }
    }
    unsafe mosquitto_disconnect_v5_callback_set(handle) { _, context, code, _ in
      guard let link = unsafe MQTTLink.link(context) else { return }
      if case .lost = link.events.last { return }  // a refusal has said why already
      link.note(.lost(reason: code == 0 ? "we said goodbye" : link.reason(code)))
    }
    unsafe mosquitto_message_v5_callback_set(handle) { _, context, message, _ in
      guard let link = unsafe MQTTLink.link(context), let message = unsafe message?.pointee else { return }
      // The struct is libmosquitto's and gone after this call: everything is copied.
      let bytes = unsafe UnsafeRawBufferPointer(start: message.payload, count: Int(message.payloadlen))
      unsafe link.note(
        .message(
          LinkMessage(
            topic: String(cString: message.topic), payload: Array(bytes), qos: Int(message.qos),
            isRetained: message.retain, packet: Int(message.mid))))
    }
    unsafe mosquitto_subscribe_v5_callback_set(handle) { _, context, packet, count, granted, _ in
      guard let link = unsafe MQTTLink.link(context) else { return }
      let codes = unsafe UnsafeBufferPointer(start: granted, count: Int(count))
      unsafe link.note(.subscribed(packet: Int(packet), accepted: codes.map { $0 < 0x80 }))
    }
    unsafe mosquitto_publish_v5_callback_set(handle) { _, context, packet, reason, _ in
      unsafe MQTTLink.link(context)?.note(.published(packet: Int(packet), isAccepted: reason < 0x80))
    }
  }

  private static func limits(_ properties: OpaquePointer?) -> BrokerLimits {
    var limits = BrokerLimits()
    var (short, long, byte) = (UInt16(0), UInt32(0), UInt8(0))
    if unsafe mosquitto_property_read_int16(properties, Int32(MQTT_PROP_RECEIVE_MAXIMUM.rawValue), &short, false) != nil
    {
      limits.receiveMaximum = Int(short)
    }
    if unsafe mosquitto_property_read_int32(properties, Int32(MQTT_PROP_MAXIMUM_PACKET_SIZE.rawValue), &long, false)
      != nil
    {
      limits.maximumPacket = Int(long)
    }
    func read(_ property: mqtt5_property) -> UInt8? {
      unsafe mosquitto_property_read_byte(properties, Int32(property.rawValue), &byte, false) == nil ? nil : byte
    }
    limits.retains = read(MQTT_PROP_RETAIN_AVAILABLE) != 0
    limits.hasWildcards = read(MQTT_PROP_WILDCARD_SUB_AVAILABLE) != 0
    limits.maximumQoS = read(MQTT_PROP_MAXIMUM_QOS).map(Int.init) ?? 2
    return limits
  }

  /// Keeps the errors that libmosquitto logs, without OpenSSL's numbers before them.
  private func setLogCallback() {
    unsafe mosquitto_log_callback_set(handle) { _, context, level, text in
      guard level == MOSQ_LOG_ERR, let link = unsafe MQTTLink.link(context), let text = unsafe text,
        link.complaints.count < MQTTLink.complaintLimit
      else { return }
      let line = unsafe String(cString: text)
      let last = (line.split(separator: ":").last ?? "").drop { $0 == " " }
      let complaint = String(last.hasSuffix(".") ? last.dropLast() : last)
      if !link.complaints.contains(complaint) { link.complaints.append(complaint) }
    }
  }

  private static func link(_ context: UnsafeMutableRawPointer?) -> MQTTLink? {
    unsafe context.map { unsafe Unmanaged<MQTTLink>.fromOpaque($0).takeUnretainedValue() }
  }
}
