"""A product title full of markup and template syntax, which must be shown as plain text everywhere."""

HOSTILE = "<script>alert(1)</script> {{7*7}} ${7*7} %{x} <b>bold</b>"
