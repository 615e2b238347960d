package tests

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// translated are the documents that there are in English and in Russian.
var translated = map[string]string{
	"../README.md":             "../README.ru.md",
	"../docs/command.md":       "../docs/command.ru.md",
	"../docs/errors.md":        "../docs/errors.ru.md",
	"../docs/faq.md":           "../docs/faq.ru.md",
	"../docs/fleet.md":         "../docs/fleet.ru.md",
	"../docs/notifications.md": "../docs/notifications.ru.md",
	"../docs/sandbox.md":       "../docs/sandbox.ru.md",
}

// Both languages say the same: headings, paragraphs, items and rows follow each other alike, the blocks of code are equal
// to the letter, and the same pages are linked. scripts/lint-documents looks at tables and links.
func TestTranslationsAreAlike(t *testing.T) {
	for english, russian := range translated {
		one, other := shape(readDocument(t, english)), shape(readDocument(t, russian))
		require.Greater(t, len(one), 20, english)
		assert.Equal(t, one, other, "%s and %s", english, russian)
		assert.Equal(t, pages(readDocument(t, english)), pages(readDocument(t, russian)), "links of %s and %s", english, russian)
	}
}

var (
	codeBlock  = regexp.MustCompile("(?ms)^```(\\w*)\n(.*?)^```$")
	elements   = regexp.MustCompile(`^(#+ |\d+\. |[-*] |\|)`) // that begin without an empty line before them
	linkTarget = regexp.MustCompile(`\]\(([^)\s]+)\)`)
)

// shape gives what the elements of a document have alike in two languages: everything but the words.
func shape(text string) (list []string) {
	blocks := codeBlock.FindAllString(text, -1)
	paragraph := false
	for line := range strings.Lines(codeBlock.ReplaceAllString(text, "```")) {
		begins := elements.FindString(line)
		switch {
		case strings.HasPrefix(line, "```"):
			list, blocks = append(list, blocks[0]), blocks[1:]
		case begins == "|":
			list = append(list, fmt.Sprint("row of ", strings.Count(strings.ReplaceAll(line, `\|`, ""), "|")))
		case begins != "":
			list = append(list, begins)
		case line != "\n" && !paragraph:
			list = append(list, "paragraph")
		}
		paragraph = line != "\n"
	}
	return list
}

// pages are the targets of the links, without fragments, by the names of the English pages.
func pages(text string) (list []string) {
	for _, link := range linkTarget.FindAllStringSubmatch(text, -1) {
		page, _, _ := strings.Cut(strings.Replace(link[1], ".ru.md", ".md", 1), "#")
		list = append(list, page)
	}
	slices.Sort(list) // the order of the words may differ
	return list
}

// A README is read at one go.
func TestREADMEIsShort(t *testing.T) {
	for _, name := range []string{"../README.md", "../README.ru.md"} {
		assert.LessOrEqual(t, strings.Count(readDocument(t, name), "\n"), 270, name)
	}
}

func readDocument(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	return string(text)
}

// code gives the blocks of code in a language.
func code(text, language string) (blocks []string) {
	for _, block := range codeBlock.FindAllStringSubmatch(text, -1) {
		if block[1] == language {
			blocks = append(blocks, block[2])
		}
	}
	return blocks
}
