"""How serializers write JSON: layouts, escapes, and the numbers of other languages."""

import json
import math
from decimal import Decimal


def python(**options):
    return lambda value: json.dumps(value, allow_nan=False, **options)


def digits(x):
    """Returns the shortest digits of a number above 0 and where the point stands."""
    _, all_digits, exponent = Decimal(repr(x)).normalize().as_tuple()
    return "".join(map(str, all_digits)), len(all_digits) + exponent


def positional(d, point):
    if point <= 0:
        return "0." + "0" * -point + d
    if point >= len(d):
        return d + "0" * (point - len(d))
    return d[:point] + "." + d[point:]


def scientific(d, point, always_point=False):
    mantissa = d[:1] + ("." + d[1:] if len(d) > 1 else ".0" if always_point else "")
    return mantissa, point - 1


def javascript(x):
    """JSON.stringify: 100, 1e-7, 1e+21."""
    d, point = digits(x)
    if -6 < point <= 21:
        return positional(d, point)
    mantissa, e = scientific(d, point)
    return f"{mantissa}e{e:+d}"


def java(x):
    """Double.toString: 100.0, 1.0E-7, 1.0E7."""
    d, point = digits(x)
    if -2 <= point <= 7:
        text = positional(d, point)
        return text if "." in text else text + ".0"
    mantissa, e = scientific(d, point, True)
    return f"{mantissa}E{e}"


def go(x):
    """encoding/json: 100, 1e-7, 1e+21."""
    d, point = digits(x)
    if 1e-6 <= x < 1e21:
        return positional(d, point)
    mantissa, e = scientific(d, point)
    return f"{mantissa}e{e:+d}"


def rust(x):
    """serde_json: 100.0, 1e-7, 1e16."""
    d, point = digits(x)
    if -5 < point <= 16:
        text = positional(d, point)
        return text if "." in text else text + ".0"
    mantissa, e = scientific(d, point)
    return f"{mantissa}e{e}"


def dotnet(x):
    """System.Text.Json: 100, 1E-07, 1E+16."""
    d, point = digits(x)
    if -4 <= point <= 15:
        return positional(d, point)
    mantissa, e = scientific(d, point)
    return f"{mantissa}E{'-' if e < 0 else '+'}{abs(e):02d}"


def printf(x):
    """C with %.17g."""
    return f"{x:.17g}"


def always(x):
    """Every number with an exponent, as %e writes it."""
    return f"{x:.16e}"


def numbers(write, **options):
    """Returns a serializer that writes floats with write."""
    separators = options.get("separators", (", ", ": "))

    def text(value):
        if isinstance(value, float) and not math.isinf(value):
            sign = "-" if math.copysign(1, value) < 0 else ""
            return sign + ("0.0" if value == 0 else write(abs(value)))
        if isinstance(value, list):
            return "[" + separators[0].join(map(text, value)) + "]"
        if isinstance(value, dict):
            return "{" + separators[0].join(json.dumps(k) + separators[1] + text(v) for k, v in value.items()) + "}"
        return json.dumps(value, ensure_ascii=options.get("ensure_ascii", True))

    return text


def slashes(value):
    r"""PHP's json_encode: \/ and no spaces."""
    return json.dumps(value, separators=(",", ":")).replace("/", "\\/")


def html(value):
    r"""Go's encoding/json: \u003c, \u003e and \u0026."""
    text = numbers(go, separators=(",", ":"), ensure_ascii=False)(value)
    for c in "<>&\u2028\u2029":
        text = text.replace(c, f"\\u{ord(c):04x}")
    return text


STYLES = [
    python(), numbers(javascript, separators=(",", ":"), ensure_ascii=False), python(indent=2), numbers(java), html,
    python(ensure_ascii=False, indent="\t"), numbers(rust, separators=(",", ":"), ensure_ascii=False), slashes,
    numbers(dotnet), python(indent=4, separators=(" ,", " : ")), numbers(printf), python(separators=(",", ":"), ensure_ascii=False), numbers(always),
]
