// The style sheet and the script: small, our own, the same for every page.

/// Files that every page shares.
public enum Assets {
  /// The site's icon.
  public static var icon: String { Sprite.icon }

  /// The style sheet: system fonts, a grid of 8 px, light and dark; colours repeat what words and shapes say.
  public static let styleSheet = """
    :root { --text: #16211C; --page: #FFFFFF; --panel: #F4F7F5; --line: #B9C4BE; --link: #0B5C8A;
      --available: #0B6B4F; --crowded: #8A5300; --warm: #A8320F; --closed: #56606B; --unknown: #46568A; }
    @media (prefers-color-scheme: dark) {
      :root { --text: #E8EFEB; --page: #101614; --panel: #1A2320; --line: #45524C; --link: #7CC4F2;
        --available: #5FD3A8; --crowded: #F0B45A; --warm: #FF9472; --closed: #A3ADB8; --unknown: #A9B8EC; } }
    * { box-sizing: border-box; }
    html { font: 18px/1.5 system-ui, sans-serif; color: var(--text); background: var(--page); font-variant-numeric: tabular-nums; }
    body { margin: 0 auto; max-width: 48rem; padding: 0 16px 32px; overflow-wrap: anywhere; }
    a { color: var(--link); } a:focus-visible, button:focus-visible, summary:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; }
    .skip { position: absolute; left: -999px; } .skip:focus { position: static; }
    .sprite { position: absolute; }
    header { display: flex; flex-wrap: wrap; gap: 8px 16px; justify-content: space-between; align-items: center; padding: 16px 0; }
    header a, nav a, nav span { display: inline-block; min-height: 24px; } .brand { font-weight: 700; text-decoration: none; color: inherit; }
    h1 { font-size: 1.5rem; line-height: 1.25; margin: 24px 0 8px; } h2 { font-size: 1.1rem; line-height: 1.3; margin: 0; }
    main > h2 { margin-top: 32px; }
    .heat, .notice, .connection:not(:empty) { background: var(--panel); border-left: 6px solid var(--closed); border-radius: 8px; padding: 8px 16px; margin: 8px 0; }
    .level-2, .level-3 { border-color: var(--crowded); } .level-4 { border-color: var(--warm); } .notice { font-size: .9rem; }
    .connection:empty { margin: 0; }
    .places { list-style: none; margin: 16px 0; padding: 0; }
    .places > .place { border-top: 1px solid var(--line); padding: 16px 0; }
    .place p { margin: 4px 0; max-width: 70ch; }
    .shape { width: 1em; height: 1em; margin-right: 8px; vertical-align: -.12em; }
    .available .shape, .available strong, .unmeasured .shape, .unmeasured strong { color: var(--available); }
    .crowded .shape, .crowded strong { color: var(--crowded); } .warm .shape, .warm strong { color: var(--warm); }
    .closed .shape, .closed strong { color: var(--closed); } .unknown .shape, .unknown strong { color: var(--unknown); }
    .kind, .meta, .example { font-size: .9rem; font-weight: 400; } .example { border: 1px solid var(--line); border-radius: 8px; padding: 0 8px; }
    .amenities { display: flex; flex-wrap: wrap; gap: 4px 16px; list-style: none; margin: 4px 0; padding: 0; font-size: .9rem; }
    .amenity { width: 1.1em; height: 1.1em; margin-right: 4px; vertical-align: -.15em; }
    button, .button { font: inherit; color: var(--link); background: var(--panel); border: 2px solid var(--link); border-radius: 8px; padding: 8px 16px; min-height: 44px; text-decoration: none; display: inline-block; cursor: pointer; }
    button[hidden] { display: none; }
    #map { height: 60vh; min-height: 320px; border-radius: 8px; background: var(--panel); }
    #map[hidden] { display: none; } .leaflet-container { font: inherit; } .leaflet-container a { color: #0B5C8A; } .leaflet-popup-content { color: #16211C; }
    .marker { color: #0B6B4F; } .marker svg { width: 24px; height: 24px; display: block; background: #FFFFFF; border-radius: 50%; }
    .marker.crowded { color: #8A5300; } .marker.warm { color: #A8320F; } .marker.closed { color: #56606B; } .marker.unknown { color: #46568A; }
    .table { overflow-x: auto; } table { border-collapse: collapse; width: 100%; margin: 8px 0; } caption { text-align: left; font-size: .9rem; padding: 4px 0; }
    th, td { text-align: left; vertical-align: top; padding: 8px 16px 8px 0; border-top: 1px solid var(--line); font-weight: 400; } .today th, .today td { font-weight: 700; }
    td.number { text-align: right; } .table th, .table td { overflow-wrap: normal; } .table thead th { white-space: nowrap; }
    .wide { max-width: 80rem; } .wide figure { max-width: 44rem; }
    .choices ul { display: flex; flex-wrap: wrap; gap: 8px; list-style: none; margin: 8px 0; padding: 0; }
    .choices a, .choices summary { display: inline-block; padding: 6px 12px; min-height: 40px; border: 1px solid var(--line); border-radius: 8px; text-decoration: none; background: var(--panel); }
    .choices a[aria-current] { border: 2px solid var(--link); font-weight: 700; } .choices summary { cursor: pointer; color: var(--link); }
    .remove { font-weight: 400; font-size: .8rem; } .distance { font-size: .9rem; font-weight: 400; white-space: nowrap; margin-left: 8px; }
    .chart { width: 100%; height: auto; display: block; margin: 8px 0; } .chart text { font-size: 15px; fill: var(--text); } @media (max-width: 480px) { .chart text { font-size: 20px; } }
    .chart path { fill: none; stroke-linejoin: round; } .chart .grid { stroke: var(--line); stroke-width: .5; } .chart .night { fill: var(--panel); }
    .chart .own { stroke: var(--available); stroke-width: 3; } .chart .street { stroke: var(--closed); stroke-width: 1.5; }
    .chart .felt { stroke: var(--available); stroke-width: 1.5; stroke-dasharray: 2 4; } .chart .cooler { fill: var(--available); fill-opacity: .16; stroke: none; } .chart .warmer { fill: var(--warm); fill-opacity: .16; stroke: none; } figure { margin: 16px 0 0; } figcaption { font-size: .9rem; }
    .chart text.label { stroke: none; font-weight: 700; } .chart text.street { fill: var(--closed); } .chart text.own, .chart text.felt { fill: var(--available); }
    pre { background: var(--panel); border-radius: 8px; padding: 16px; overflow-x: auto; font-size: .85rem; } .links li { margin: 8px 0; } .links a { display: inline-block; min-height: 24px; }
    @media (min-width: 960px) { body.map { max-width: 80rem; } .map #results { float: left; width: 48%; } .map #map { position: sticky; top: 16px; float: right; width: 49%; height: 85vh; } .map footer { clear: both; } }
    .act { border: 1px solid var(--line); border-radius: 8px; padding: 8px 16px; margin: 16px 0; } .act h3 { font-size: 1rem; margin: 8px 0; } .act p { margin: 8px 0; }
    input, select { font: inherit; color: var(--text); background: var(--page); border: 1px solid var(--closed); border-radius: 8px; padding: 8px; min-height: 44px; max-width: 100%; } input:focus-visible, select:focus-visible, .table:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; }
    .health .good, .chart circle.good { fill: var(--available); } .health path.bad { fill: var(--warm); } .health .none { fill: none; stroke: var(--closed); stroke-width: 2; }
    .shade-0 { fill: var(--warm); fill-opacity: .08; } .shade-1 { fill: var(--warm); fill-opacity: .25; } .shade-2 { fill: var(--warm); fill-opacity: .45; } .shade-3 { fill: var(--warm); fill-opacity: .7; } .shade-4 { fill: var(--warm); }
    footer { margin-top: 32px; border-top: 1px solid var(--line); padding-top: 16px; font-size: .9rem; }
    .changed { animation: changed 2s; } @keyframes changed { from { background: var(--panel); } }
    @media (prefers-reduced-motion: reduce) { .changed { animation: none; } }
    @page { size: A4; margin: 15mm; } @media print { html { font-size: 12px; } tr, figure { break-inside: avoid; } thead { display: table-header-group; } .table { overflow: visible; } nav, .act, button, .button, .skip, #map, #connection, details:not([open]) { display: none; } body { max-width: none; } .place { break-inside: avoid; } }

    """

  /// Live updates and the map.
  ///
  /// The server has the words: the script fetches the page again when something changed and
  /// swaps what differs, so that focus and scroll stay where they are.
  public static let script = """
    "use strict";
    (() => {
      const $ = id => document.getElementById(id);
      const list = $("places"), bar = $("connection"), button = $("show-map"), near = $("near-me");
      let now = list ? Date.parse(list.dataset.now) : Date.now();
      let waiting = null, announced = 0, map = null, layer = null;

      // Instants become ages here, where the time is known.
      const ages = () => {
        if (!list) return;
        for (const time of document.querySelectorAll("time.age")) {
          const minutes = Math.floor((now - Date.parse(time.dateTime)) / 60000);
          const [age, fresh] = time.dataset.kind ? [list.dataset.updated, list.dataset.updatedFresh] : [list.dataset.age, list.dataset.fresh];
          if (minutes >= 0 && minutes < 120) time.textContent = minutes < 1 ? fresh : age.replace("{}", minutes);
        }
      };

      // Replaces `old` if it differs; whoever held the focus holds it again, and what was opened stays open.
      const swap = (old, fresh) => {
        if (!old || !fresh || old.outerHTML === fresh.outerHTML) return false;
        const focus = old.contains(document.activeElement) ? document.activeElement : null;
        const imported = document.importNode(fresh, true), opened = old.querySelector("details[open]");
        imported.classList.add("changed");
        if (opened) imported.querySelector("details")?.setAttribute("open", "");
        old.replaceWith(imported);
        if (focus) [...imported.querySelectorAll(focus.tagName)].find(e => e.getAttribute("href") === focus.getAttribute("href"))?.focus();
        return true;
      };

      // The server has the words: the page is fetched again, and what differs is swapped in place.
      const refresh = async () => {
        waiting = null;
        const response = await fetch(location.href, { headers: { Accept: "text/html" } }).catch(() => null);
        if (!response || !response.ok) return;
        const page = new DOMParser().parseFromString(await response.text(), "text/html");
        const fresh = page.getElementById("places");
        for (const id of ["heat", "headline", "updated", "day", "hours", "advice", "pages"]) swap($(id), page.getElementById(id));
        document.title = page.title;
        if (!list || !fresh) { swap(document.querySelector("article.place"), page.querySelector("article.place")); return; }
        now = Date.parse(fresh.dataset.now);
        let first = null;
        for (const item of fresh.children) {
          const state = item.querySelector("strong").textContent;
          const old = $(item.id);
          if (old && old.querySelector("strong").textContent !== state) first = first || item.querySelector("a").textContent + ", " + state;
          if (old) swap(old, item);
        }
        if (!list.contains(document.activeElement))  // order may change while nobody is reading with the keyboard
          for (const item of fresh.children) list.append($(item.id) || document.importNode(item, true));
        for (const item of [...list.children]) if (!page.getElementById(item.id)) item.remove();
        ages();
        if (first && bar && Date.now() - announced > 10000) { announced = Date.now(); bar.textContent = bar.dataset.changed + " " + first; }
        // Not under somebody's eyes or fingers.
        if (layer && !$("map").contains(document.activeElement) && !$("map").querySelector(".leaflet-popup")) draw();
      };
      const soon = () => { if (!waiting) waiting = setTimeout(refresh, 300 + Math.random() * 700); };

      const connect = () => {
        const source = new EventSource("/events?state=false");
        let isNew = true;
        source.addEventListener("now", event => {
          now = Date.parse(JSON.parse(event.data).now);
          ages();
          if (bar.classList.contains("lost")) { bar.classList.remove("lost"); bar.textContent = ""; }
          if (isNew) soon();  // what changed between the page and its stream
          isNew = false;
        });
        source.addEventListener("place", event => {
          const only = document.querySelector("article.place");
          if (!only || only.id === "place-" + JSON.parse(event.data).id) soon();
        });
        source.addEventListener("city", soon);
        source.onerror = () => {
          isNew = true;
          // A refusal, as of a gateway that is still starting, ends a stream for good: then we come back ourselves.
          if (source.readyState === EventSource.CLOSED) setTimeout(connect, 4000 + Math.random() * 4000);
          if (bar.classList.contains("lost")) return;
          bar.classList.add("lost");
          bar.textContent = bar.dataset.lost + " " + new Date(now).toLocaleTimeString(document.documentElement.lang, { hour: "2-digit", minute: "2-digit" });
        };
        // A page that is left may be kept for the way back: its stream would take one of the browser's few connections.
        addEventListener("pagehide", () => source.close(), { once: true });
      };
      connect();
      addEventListener("pageshow", event => { if (event.persisted) { connect(); refresh(); } });
      ages();

      // Where somebody is leaves the browser with three decimals at most, about a hundred metres.
      if (near && navigator.geolocation) {
        near.hidden = false;
        near.addEventListener("click", () => navigator.geolocation.getCurrentPosition(position => {
          const address = new URL(location.href);
          address.searchParams.set("near", position.coords.longitude.toFixed(3) + "," + position.coords.latitude.toFixed(3));
          address.searchParams.delete("page");
          location.assign(address);
        }, () => { bar.textContent = near.dataset.refused; }, { maximumAge: 60000, timeout: 15000 }));
      }

      const load = (tag, attributes) => new Promise((resolve, reject) => {
        const element = Object.assign(document.createElement(tag), attributes, { onload: resolve, onerror: reject });
        document.head.append(element);
      });
      // The best 300 of what the map shows: more are drawn when it comes closer.
      const draw = async () => {
        const holder = $("map"), query = new URLSearchParams(holder.dataset.query);
        const stateWords = Object.fromEntries(holder.dataset.words.split(";").map(word => word.split("=")));
        query.set("limit", "300");
        if (layer) {
          const box = map.getBounds(), middle = map.getCenter();
          query.set("bbox", [Math.max(-180, box.getWest()), box.getSouth(), Math.min(180, box.getEast()), box.getNorth()].join());
          query.set("near", middle.lng.toFixed(5) + "," + middle.lat.toFixed(5));
        }
        const spots = await (await fetch("/collections/cool-spots/items?" + query, { headers: { Accept: "application/geo+json" } })).json();
        const fresh = L.layerGroup();
        for (const spot of spots.features) {
          const words = spot.properties;
          const item = $("place-" + spot.id);
          const state = item ? item.className.split(" ")[1] : words.availability === "available" && !words.measured ? "unmeasured" : words.availability;
          const shape = L.geoJSON(spot, { style: { color: "#56606B", weight: 1 }, pointToLayer: () => null, filter: f => f.geometry.type !== "Point" }).addTo(fresh);
          const at = spot.geometry.type === "Point" ? L.latLng(spot.geometry.coordinates[1], spot.geometry.coordinates[0]) : shape.getBounds().getCenter();
          const icon = L.divIcon({ className: "marker " + state, iconSize: [24, 24], html: '<svg aria-hidden="true"><use href="#s-' + state + '"/></svg>' });
          const popup = document.createElement("p");
          const link = Object.assign(document.createElement("a"), { href: "/places/" + spot.id + "?lang=" + document.documentElement.lang, textContent: words.name });
          popup.append(link, document.createElement("br"), item ? item.querySelector("strong").textContent : stateWords[state]);
          L.marker(at, { icon, alt: words.name, title: words.name }).bindPopup(popup).addTo(fresh);
        }
        if (layer) layer.remove(); else if (spots.features.length) map.fitBounds(L.featureGroup(fresh.getLayers()).getBounds().pad(0.1));
        layer = fresh.addTo(map);
      };
      const show = async () => {
        const holder = $("map"), shown = holder.hidden;
        holder.hidden = !shown;
        document.body.classList.toggle("map", shown);
        button.setAttribute("aria-expanded", shown);
        [button.textContent, button.dataset.other] = [button.dataset.other, button.textContent];
        if (!shown || map) return;
        await load("link", { rel: "stylesheet", href: "/leaflet/leaflet.css" });
        await load("script", { src: "/leaflet/leaflet.js" });
        map = L.map(holder, { maxZoom: 19, zoomAnimation: !matchMedia("(prefers-reduced-motion: reduce)").matches });
        map.attributionControl.setPrefix(false);
        map.setView([45.75, 4.85], 12);
        if (holder.dataset.tiles) L.tileLayer(holder.dataset.tiles, { attribution: holder.dataset.attribution, maxZoom: 19 }).addTo(map);
        await draw();
        map.on("moveend", draw);
      };
      if (button) {
        button.hidden = false;
        button.addEventListener("click", show);
        if (matchMedia("(min-width: 960px)").matches) show();
      }
    })();

    """
}
