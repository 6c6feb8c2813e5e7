#pragma once
#include <microhttpd.h>
#include <netinet/in.h>

/// MHD_start_daemon is variadic. One typed function for the one way we start it: C checks every argument.
static inline struct MHD_Daemon *cmhd_start(unsigned int flags, const struct sockaddr *address,
    unsigned int threads, unsigned int connections, unsigned int timeout_seconds, size_t memory_per_connection,
    void *context, MHD_AcceptPolicyCallback admits, MHD_NotifyConnectionCallback connection,
    MHD_AccessHandlerCallback handler, MHD_RequestCompletedCallback completed) {
  return MHD_start_daemon(flags, 0, admits, context, handler, context,
      MHD_OPTION_SOCK_ADDR, address,
      MHD_OPTION_THREAD_POOL_SIZE, threads,
      MHD_OPTION_CONNECTION_LIMIT, connections,
      MHD_OPTION_CONNECTION_TIMEOUT, timeout_seconds,
      MHD_OPTION_CONNECTION_MEMORY_LIMIT, memory_per_connection,
      MHD_OPTION_LISTENING_ADDRESS_REUSE, 1u,
      MHD_OPTION_NOTIFY_CONNECTION, connection, context,
      MHD_OPTION_NOTIFY_COMPLETED, completed, context,
      MHD_OPTION_END);
}

/// MHD_get_daemon_info and MHD_get_connection_info are variadic too.
static inline uint16_t cmhd_port(struct MHD_Daemon *daemon) {
  const union MHD_DaemonInfo *info = MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_BIND_PORT);
  return info == NULL ? 0 : info->port;
}

/// MHD_SIZE_UNKNOWN is a cast macro.
static inline struct MHD_Response *cmhd_stream_response(size_t block_size, MHD_ContentReaderCallback reader,
    void *context, MHD_ContentReaderFreeCallback release) {
  return MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, block_size, reader, context, release);
}

/// MHD_CONTENT_READER_END_OF_STREAM is a cast macro.
static inline ssize_t cmhd_end_of_stream(void) { return MHD_CONTENT_READER_END_OF_STREAM; }

/// An IPv4 address in the host's byte order; 0 where it is not known.
static inline uint32_t cmhd_address(const struct sockaddr *address) {
  if (address == NULL || address->sa_family != AF_INET) return 0;
  return ntohl(((const struct sockaddr_in *)address)->sin_addr.s_addr);
}

/// The address of a connection's client. Variadic and a union: C reads it.
static inline uint32_t cmhd_client(struct MHD_Connection *connection) {
  const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
  return info == NULL ? 0 : cmhd_address(info->client_addr);
}

/// Connections that are open now, of all threads.
static inline unsigned int cmhd_connections(struct MHD_Daemon *daemon) {
  const union MHD_DaemonInfo *info = MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_CURRENT_CONNECTIONS);
  return info == NULL ? 0 : info->num_connections;
}
