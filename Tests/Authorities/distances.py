"""What pyproj and shapely say of distances in a city.

usage: python3 distances.py > distances.jsonl      with pyproj 3.7.2 and shapely 2.2.0 from PyPI

A line for each: two points and the geodesic between them on WGS 84; or a point and a polygon, and the geodesic to the
polygon's nearest point, which shapely finds on a plane that touches the earth at the point. The seed is fixed.
"""

import json
import random

from pyproj import CRS, Geod, Transformer
from shapely.geometry import Point, Polygon
from shapely.ops import nearest_points

dice = random.Random(20260714)
geod = Geod(ellps="WGS84")


def position(longitude, latitude, reach):
    return [round(longitude + dice.uniform(-reach, reach), 6), round(latitude + dice.uniform(-reach, reach), 6)]


for city in ((4.85, 45.75), (2.35, 48.86), (-4.49, 48.39), (8.74, 41.92)):
    for _ in range(40):
        start, end = position(*city, 0.05), position(*city, 0.05)
        print(json.dumps({"from": start, "to": end, "metres": round(geod.inv(*start, *end)[2], 2)}))
    for _ in range(15):
        start, centre = position(*city, 0.03), position(*city, 0.03)
        ring = [[round(centre[0] + x * dice.uniform(0.001, 0.01), 6), round(centre[1] + y * dice.uniform(0.001, 0.01), 6)]
                for x, y in ((-1, -1), (0, -1), (1, -0.5), (1, 1), (0, 0.5), (-1, 1))]
        ring.append(ring[0])
        plane = CRS.from_proj4(f"+proj=aeqd +lat_0={start[1]} +lon_0={start[0]} +ellps=WGS84")
        forth = Transformer.from_crs("EPSG:4326", plane, always_xy=True).transform
        back = Transformer.from_crs(plane, "EPSG:4326", always_xy=True).transform
        near = nearest_points(Point(0, 0), Polygon([forth(*corner) for corner in ring]))[1]
        print(json.dumps({"from": start, "polygon": [ring], "metres": round(geod.inv(*start, *back(near.x, near.y))[2], 2)}))
