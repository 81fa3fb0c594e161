"""The headers of every response: our own files run and nothing else, nothing is kept, framed or told to others."""

from __future__ import annotations

from flask import Response

POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "media-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)

SANDBOXED = "default-src 'none'; sandbox; frame-ancestors 'none'"
"""For a file that a person sent: even if a browser took it for a page, it could do nothing."""

HEADERS = {
    "Content-Security-Policy": POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "X-Robots-Tag": "noindex, nofollow",
    "Permissions-Policy": "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()",
}
KEPT_A_YEAR = "public, max-age=31536000, immutable"
NOT_KEPT = "no-store"


def with_headers(response: Response, *, production: bool) -> Response:
    """A response as it may leave. A view that lets a file be cached has said so already."""
    is_sandboxed = response.headers.get("Content-Security-Policy") == SANDBOXED
    response.headers.update(HEADERS)
    if is_sandboxed:
        response.headers["Content-Security-Policy"] = SANDBOXED
    if production:
        response.headers["Strict-Transport-Security"] = "max-age=31536000"
    if response.headers.get("Cache-Control") != KEPT_A_YEAR:
        response.headers["Cache-Control"] = NOT_KEPT
    return response
