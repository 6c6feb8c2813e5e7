"""The levels that RingSeries must find, computed from the recordings with numpy and the definitions alone.

LAeq is 10·lg of the mean of 10^(L/10). Lx is the level exceeded during x % of the time: from loud to quiet, the first
level at which the durations reach x %.
"""

import csv
import gzip
import math
import pathlib

import numpy

HERE = pathlib.Path(__file__).parent


def read(name):
    with gzip.open(HERE / name, "rt") as file:
        rows = list(csv.reader(file))[1:]
    return [row[0] for row in rows], numpy.array([float(row[1]) for row in rows])


def laeq(levels):
    return 10 * numpy.log10(numpy.mean(10 ** (levels / 10)))


def exceeded(levels, percent):
    loudest_first = numpy.sort(levels)[::-1]
    return loudest_first[math.ceil(len(levels) * percent / 100) - 1]


def table():
    """Rows of source, start of the interval, LAeq, L10, L50, L90 in dB."""
    for source, names in (("1m", range(10)), ("1s", range(13))):
        times, levels = read(f"laeq-{source}.csv.gz")
        starts = numpy.array([time[: len(names)] for time in times])
        for start in dict.fromkeys(starts):
            part = levels[starts == start]
            if len(part) in (1440, 3600):  # whole days of minutes, whole hours of seconds
                values = [laeq(part)] + [exceeded(part, percent) for percent in (10, 50, 90)]
                yield [source, start] + [f"{value:.6f}" for value in values]


def text():
    return "source,start,laeq,l10,l50,l90\n" + "".join(",".join(row) + "\n" for row in table())


if __name__ == "__main__":
    print(text(), end="")
