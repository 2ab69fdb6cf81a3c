"""Charts: a page value in, a figure and a table of the same numbers out. The one door to plotly.

Colours are names of tokens, `var(--go)`, which static/js/charts.js looks up in the page's theme.
"""
