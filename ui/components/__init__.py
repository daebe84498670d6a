"""Components of the tabs: cards, charts, examples, inputs, the theme."""
