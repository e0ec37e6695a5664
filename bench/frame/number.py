"""How numbers are printed: three digits where they are small, whole where they are large."""


def text(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def rounded(value: float | None) -> float | None:
    """Four digits, for files that are read by programs."""
    return None if value is None else float(f"{value:.4g}")
