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
    .wide { max-width: 80rem; }
    footer { margin-top: 32px; border-top: 1px solid var(--line); padding-top: 16px; font-size: .9rem; }
    .changed { animation: changed 2s; } @keyframes changed { from { background: var(--panel); } }
    @media (prefers-reduced-motion: reduce) { .changed { animation: none; } }
    @media print { nav, button, .skip, #map { display: none; } body { max-width: none; } }

    """

  /// Live updates and the map.
  ///
  /// The server has the words: the script fetches the page again when something changed and
  /// swaps what differs, so that focus and scroll stay where they are.
  public static let script = """
    "use strict";
    (() => {
      const list = document.getElementById("places");
      const bar = document.getElementById("connection");
      const button = document.getElementById("show-map");
      let now = list ? Date.parse(list.dataset.now) : Date.now();
      let waiting = null, announced = 0, map = null, layer = null;

      const ages = () => {
        if (!list) return;
        for (const time of list.querySelectorAll("time.age")) {
          const minutes = Math.floor((now - Date.parse(time.dateTime)) / 60000);
          if (minutes >= 0 && minutes < 120)
            time.textContent = minutes < 1 ? list.dataset.fresh : list.dataset.age.replace("{}", minutes);
        }
      };

      // Replaces the children of `old` that differ, and nothing that holds the focus unchanged.
      const swap = (old, fresh) => {
        if (!old || !fresh || old.outerHTML === fresh.outerHTML) return false;
        const hadFocus = old.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
        const imported = document.importNode(fresh, true);
        imported.classList.add("changed");
        old.replaceWith(imported);
        if (hadFocus) for (const link of imported.querySelectorAll("a")) if (link.getAttribute("href") === hadFocus) link.focus();
        return true;
      };

      const refresh = async () => {
        waiting = null;
        const response = await fetch(location.href, { headers: { Accept: "text/html" } });
        if (!response.ok) return;
        const page = new DOMParser().parseFromString(await response.text(), "text/html");
        const fresh = page.getElementById("places");
        for (const id of ["heat", "headline"]) swap(document.getElementById(id), page.getElementById(id));
        document.title = page.title;
        if (!list || !fresh) { swap(document.querySelector("article.place"), page.querySelector("article.place")); return; }
        now = Date.parse(fresh.dataset.now);
        let first = null;
        for (const item of fresh.children) {
          const state = item.querySelector("strong").textContent;
          const old = document.getElementById(item.id);
          if (old && old.querySelector("strong").textContent !== state) first = first || item.querySelector("a").textContent + ", " + state;
          if (old) swap(old, item);
        }
        const focused = document.activeElement;
        if (!list.contains(focused))  // order may change while nobody is reading with the keyboard
          for (const item of fresh.children) {
            const current = document.getElementById(item.id);
            list.append(current || document.importNode(item, true));
          }
        for (const item of [...list.children]) if (!page.getElementById(item.id)) item.remove();
        ages();
        if (first && Date.now() - announced > 10000) { announced = Date.now(); bar.textContent = bar.dataset.changed + " " + first; }
        if (map) draw();
      };

      const source = new EventSource("/events");
      source.addEventListener("now", event => { now = Date.parse(JSON.parse(event.data).now); ages(); if (bar && bar.classList.contains("lost")) { bar.classList.remove("lost"); bar.textContent = ""; refresh(); } });
      source.addEventListener("place", () => { if (!waiting) waiting = setTimeout(refresh, 500 + Math.random() * 1000); });
      source.addEventListener("city", () => { if (!waiting) waiting = setTimeout(refresh, 500 + Math.random() * 1000); });
      source.onerror = () => {
        if (!bar || bar.classList.contains("lost")) return;
        bar.classList.add("lost");
        bar.textContent = bar.dataset.lost + " " + new Date(now).toLocaleTimeString(document.documentElement.lang, { hour: "2-digit", minute: "2-digit" });
      };
      ages();

      const load = (tag, attributes) => new Promise((resolve, reject) => {
        const element = Object.assign(document.createElement(tag), attributes, { onload: resolve, onerror: reject });
        document.head.append(element);
      });
      const draw = async () => {
        const spots = await (await fetch("/collections/cool-spots/items", { headers: { Accept: "application/geo+json" } })).json();
        const fresh = L.layerGroup();
        for (const spot of spots.features) {
          const item = document.getElementById("place-" + spot.id);
          const state = item ? item.className.split(" ")[1] : "unknown";
          const shape = L.geoJSON(spot, { style: { color: "#56606B", weight: 1 }, pointToLayer: () => null, filter: f => f.geometry.type !== "Point" }).addTo(fresh);
          const at = spot.geometry.type === "Point" ? L.latLng(spot.geometry.coordinates[1], spot.geometry.coordinates[0]) : shape.getBounds().getCenter();
          const icon = L.divIcon({ className: "marker " + state, iconSize: [24, 24], html: '<svg aria-hidden="true"><use href="#s-' + state + '"/></svg>' });
          const popup = document.createElement("p");
          const link = Object.assign(document.createElement("a"), { href: "/places/" + spot.id + "?lang=" + document.documentElement.lang, textContent: spot.properties.name });
          popup.append(link, document.createElement("br"), item ? item.querySelector("strong").textContent : "");
          L.marker(at, { icon, alt: spot.properties.name, title: spot.properties.name }).bindPopup(popup).addTo(fresh);
        }
        if (layer) layer.remove(); else map.fitBounds(L.featureGroup(fresh.getLayers()).getBounds().pad(0.1));
        layer = fresh.addTo(map);
      };
      if (button) {
        button.hidden = false;
        button.addEventListener("click", async () => {
          const holder = document.getElementById("map");
          const shown = holder.hidden;
          holder.hidden = !shown;
          button.setAttribute("aria-expanded", shown);
          if (!shown || map) return;
          await load("link", { rel: "stylesheet", href: "/leaflet/leaflet.css" });
          await load("script", { src: "/leaflet/leaflet.js" });
          map = L.map(holder, { zoomAnimation: !matchMedia("(prefers-reduced-motion: reduce)").matches });
          map.attributionControl.setPrefix(false);
          map.setView([45.75, 4.85], 12);
          if (holder.dataset.tiles) L.tileLayer(holder.dataset.tiles, { attribution: holder.dataset.attribution, maxZoom: 19 }).addTo(map);
          draw();
        });
      }
    })();

    """
}
