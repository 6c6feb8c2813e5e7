"""What MetPy, pythermalcomfort and thermofeel say of air temperature and humidity.

usage: python3 thermal.py > thermal.jsonl      with MetPy 1.7.1, pythermalcomfort 4.8.1 and thermofeel 2.3.0 from PyPI

A line for each pair of °C and %: the Heat Index by MetPy where the Weather Service's text asks for the regression (below
80 °F it has another formula than MetPy), the Humidex by pythermalcomfort, the simplified WBGT by thermofeel, Thom's index by
pythermalcomfort, which gives tenths of it. Rounded to thousandths.
"""

import json
import warnings

import numpy as np
import thermofeel
from metpy.calc import heat_index
from metpy.units import units
from pythermalcomfort.models import discomfort_index, humidex

warnings.filterwarnings("ignore")


def value(number):
    return round(float(number), 3)


for celsius in range(20, 46):
    for percent in range(5, 101, 5):
        kelvin = np.array([celsius + 273.15])
        felt = float(heat_index(celsius * units.degC, percent * units.percent, mask_undefined=False).to("degC").magnitude.item())
        line = {"air": celsius, "humidity": percent}
        fahrenheit = celsius * 9 / 5 + 32
        simple = 0.5 * (fahrenheit + 61 + 1.2 * (fahrenheit - 68) + 0.094 * percent)
        if (simple + fahrenheit) / 2 >= 80:
            line["heat_index"] = value(felt)
        line["humidex"] = value(humidex(tdb=celsius, rh=percent, round_output=False).humidex)
        line["wbgt_simplified"] = value(thermofeel.calculate_wbgt_simple(kelvin, np.array([float(percent)]))[0] - 273.15)
        line["discomfort"] = value(discomfort_index(tdb=celsius, rh=percent).di)
        print(json.dumps(line))
