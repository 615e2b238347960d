package main

import (
	"fmt"
	"html"
	"strings"
)

// chart is a figure of all contenders: a bar each, with a line from quartile to quartile.
type chart struct {
	title string
	unit  string
	bars  []bar
}

type bar struct {
	label string
	spread
}

const (
	labelWidth  = 210
	barWidth    = 380
	valueWidth  = 70
	lineHeight  = 22
	chartMargin = 44
	chartWidth  = labelWidth + barWidth + valueWidth
)

// picture draws the charts below each other, each with a scale of its own.
func picture(charts []chart) string {
	var body strings.Builder
	y := 0
	for _, c := range charts {
		y += c.draw(&body, y)
	}
	y += chartMargin / 2
	return fmt.Sprintf(`<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %d %d" role="img" `+
		`font-family="system-ui, sans-serif" font-size="13">
<title>Benchmarks: the wrapper beside other ways to make the same calls</title>
<rect width="%d" height="%d" fill="#fff"/>
%s</svg>
`, chartWidth, y, chartWidth, y, chartWidth, y, body.String())
}

// draw gives the height it took.
func (c chart) draw(out *strings.Builder, top int) (height int) {
	fmt.Fprintf(out, `<text x="12" y="%d" font-weight="bold" fill="#222">%s</text>`+"\n", top+chartMargin-14,
		html.EscapeString(c.title+", "+c.unit))
	longest := 0.0
	for _, b := range c.bars {
		longest = max(longest, b.high)
	}
	at := func(figure float64) float64 { return labelWidth + figure/longest*barWidth }
	for i, b := range c.bars {
		y := top + chartMargin + i*lineHeight
		colour := "#9bb1c4"
		if b.label == ours {
			colour = "#d9822b"
		}
		fmt.Fprintf(out, `<text x="%d" y="%d" text-anchor="end" fill="#222">%s</text>
<rect x="%d" y="%d" width="%.1f" height="%d" fill="%s"/>
<line x1="%.1f" x2="%.1f" y1="%d" y2="%d" stroke="#222"/>
<text x="%.1f" y="%d" fill="#222">%.2f</text>
`, labelWidth-8, y+12, html.EscapeString(b.label),
			labelWidth, y, at(b.median)-labelWidth, lineHeight-6, colour,
			at(b.low), at(b.high), y+8, y+8,
			at(b.high)+6, y+12, b.median)
	}
	return chartMargin + len(c.bars)*lineHeight
}
