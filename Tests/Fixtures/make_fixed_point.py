#!/usr/bin/env python3
"""Golden values of gemmlowp's exponential, reciprocal and logistic in 32-bit fixed point.

    python3 Tests/Fixtures/make_fixed_point.py        # rewrites Tests/Fixtures/fixed_point.json

A transcription of gemmlowp's fixedpoint.h with unbounded integers, every 32-bit overflow an assertion. Standard
library only; deterministic. Inputs: every power of two with its neighbours, the ends, a grid, and seeded random ones.
"""
import json
import pathlib
import random

LOWEST, HIGHEST = -(1 << 31), (1 << 31) - 1


def i32(value):
    assert LOWEST <= value <= HIGHEST, value
    return value


def truncated_division(a, b):
    return abs(a) // b * (1 if a >= 0 else -1)


def multiply(a, b):
    """SaturatingRoundingDoublingHighMul."""
    if a == b == LOWEST:
        return HIGHEST
    product = a * b
    nudge = 1 << 30 if product >= 0 else 1 - (1 << 30)
    return i32(truncated_division(product + nudge, 1 << 31))


def times_power_of_two(x, exponent):
    """SaturatingRoundingMultiplyByPOT."""
    if exponent >= 0:
        return max(LOWEST, min(HIGHEST, x << exponent))
    divisor = 1 << -exponent
    remainder = x & (divisor - 1)
    threshold = ((divisor - 1) >> 1) + (1 if x < 0 else 0)
    return (x >> -exponent) + (1 if remainder > threshold else 0)


def constant(value, integer_bits):
    """A real number in fixed point, as ConstantPOT and FIXEDPOINT_CONSTANT give them."""
    return min(HIGHEST, round(value * (1 << (31 - integer_bits))))


def exp_on_quarter(a):
    """exp_on_interval_between_negative_one_quarter_and_0_excl, Q0 -> Q0."""
    constant_term, one_third = 1895147668, 715827883
    x = i32(a + constant(1 / 8, 0))
    x2 = multiply(x, x)
    x3 = multiply(x2, x)
    x4 = multiply(x2, x2)
    x4_over_4 = times_power_of_two(x4, -2)
    rest = times_power_of_two(i32(multiply(i32(x4_over_4 + x3), one_third) + x2), -1)
    return i32(constant_term + multiply(constant_term, i32(x + rest)))


BARREL = [(-2, 1672461947), (-1, 1302514674), (0, 790015084), (1, 290630308), (2, 39332535), (3, 720401), (4, 242)]


def exp_on_negative_values(a, integer_bits):
    """Q integer_bits -> Q0."""
    fractional_bits = 31 - integer_bits
    quarter = constant(1 / 4, integer_bits)
    a_mod_quarter = i32((a & (quarter - 1)) - quarter)
    result = exp_on_quarter(times_power_of_two(a_mod_quarter, integer_bits))
    remainder = i32(a_mod_quarter - a)
    for exponent, multiplier in BARREL:
        if integer_bits > exponent and remainder & (1 << (fractional_bits + exponent)):
            result = multiply(result, multiplier)
    if integer_bits > 5 and a < -(1 << (36 - integer_bits)):
        result = 0
    return HIGHEST if a == 0 else result


def one_over_one_plus(a):
    """one_over_one_plus_x_for_x_in_0_1, Q0 -> Q0."""
    half_denominator = truncated_division(a + HIGHEST + 1, 2)  # RoundingHalfSum
    x = i32(1515870810 + multiply(half_denominator, -1010580540))
    for _ in range(3):
        product = multiply(half_denominator, x)
        x = i32(x + times_power_of_two(multiply(x, i32(constant(1, 2) - product)), 2))
    return times_power_of_two(x, 1)


def logistic(a, integer_bits):
    """Q integer_bits -> Q0."""
    if a == 0:
        return 1 << 30
    positive = one_over_one_plus(exp_on_negative_values(-abs(a), integer_bits))
    return positive if a > 0 else HIGHEST - positive


def magnitudes(generator):
    """Non-negative 32-bit inputs."""
    values = {0, HIGHEST}
    for bit in range(31):
        values.update(v for d in (-1, 0, 1) if 0 <= (v := (1 << bit) + d) <= HIGHEST)
    values.update(range(0, HIGHEST, HIGHEST // 61))
    values.update(generator.randrange(1 << 31) >> generator.randrange(24) for _ in range(120))
    return sorted(values)


def main():
    generator = random.Random(20260101)
    golden = {"exponential": {}, "logistic": {}}
    for integer_bits in (3, 4, 5, 6):
        inputs = [-v for v in magnitudes(generator)]
        pairs = [[a, exp_on_negative_values(a, integer_bits)] for a in inputs]
        golden["exponential"][str(integer_bits)] = pairs
    for integer_bits in (4, 5):
        inputs = magnitudes(generator)
        inputs += [-v for v in inputs if v]
        golden["logistic"][str(integer_bits)] = [[a, logistic(a, integer_bits)] for a in inputs]
    golden["reciprocal"] = [[a, one_over_one_plus(a)] for a in magnitudes(generator)]
    path = pathlib.Path(__file__).parent / "fixed_point.json"
    path.write_text(json.dumps(golden, separators=(",", ":")).replace("]],", "]],\n") + "\n")


main()
