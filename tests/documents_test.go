package tests

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// translated are the documents that there are in English and in Russian.
var translated = map[string]string{
	"../README.md":   "../README.ru.md",
	"../docs/faq.md": "../docs/faq.ru.md",
}

// Both languages say the same: headings, paragraphs, lists and tables follow each other alike, the blocks of code are equal
// to the letter, and the same pages are linked.
func TestTranslationsAreAlike(t *testing.T) {
	for english, russian := range translated {
		one, other := readDocument(t, english), readDocument(t, russian)
		require.Greater(t, len(one.elements), 20, english)
		below := "the beginning"
		for i, want := range one.elements[:min(len(one.elements), len(other.elements))] {
			if want.kind[0] == 'h' {
				below = want.text
			}
			require.Equal(t, shape(want), shape(other.elements[i]), "%s and %s differ below %q", english, russian, below)
		}
		assert.Equal(t, len(one.elements), len(other.elements), "elements of %s and %s", english, russian)
		assert.Equal(t, pages(one), pages(other), "links of %s and %s", english, russian)
	}
}

// shape is what an element has alike in two languages: everything but the words.
func shape(e element) string {
	if strings.HasPrefix(e.kind, "code") {
		return e.kind + "\n" + e.text
	}
	return e.kind
}

// pages are the targets of the links, without fragments, by the names of the English pages. A link within the page is left
// with its #: the order of the words may differ, so they are sorted.
func pages(d document) []string {
	var list []string
	for _, link := range d.links {
		page, _, within := strings.Cut(strings.Replace(link, ".ru.md", ".md", 1), "#")
		if page == "" && within {
			page = "#"
		}
		list = append(list, page)
	}
	slices.Sort(list)
	return list
}

// Every table has as many cells in each row.
func TestTablesAreWhole(t *testing.T) {
	for _, path := range documents(t) {
		for _, e := range readDocument(t, path).elements {
			if strings.HasPrefix(e.kind, "table") {
				assert.NotContains(t, e.kind, "x0", "%s: a row has more or fewer cells than the first one", path)
			}
		}
	}
}

// Every link to a file of the repository leads to one, and every fragment to a heading of it.
func TestLinksLeadSomewhere(t *testing.T) {
	checked := 0
	for _, path := range documents(t) {
		doc := readDocument(t, path)
		for _, link := range doc.links {
			if strings.Contains(link, "://") {
				continue
			}
			checked++
			file, fragment, _ := strings.Cut(link, "#")
			target, headings := path, doc
			if file != "" {
				target = filepath.Join(filepath.Dir(path), filepath.FromSlash(file))
				if _, err := os.Stat(target); !assert.NoError(t, err, "%s links to %s", path, link) {
					continue
				}
			}
			if fragment != "" {
				if file != "" {
					headings = readDocument(t, target)
				}
				assert.Contains(t, headings.anchors(), fragment, "%s links to %s", path, link)
			}
		}
	}
	require.Greater(t, checked, 50)
}

// A README is read at one go.
func TestREADMEIsShort(t *testing.T) {
	for _, name := range []string{"../README.md", "../README.ru.md"} {
		text, err := os.ReadFile(name)
		require.NoError(t, err)
		assert.LessOrEqual(t, strings.Count(string(text), "\n"), 250, name)
	}
}

// documents lists the Markdown files of the repository.
func documents(t *testing.T) []string {
	t.Helper()
	var list []string
	require.NoError(t, filepath.WalkDir("..", func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.IsDir() && (entry.Name() == ".git" || entry.Name() == "node_modules") {
			return filepath.SkipDir
		}
		if filepath.Ext(path) == ".md" {
			list = append(list, path)
		}
		return err
	}))
	require.Greater(t, len(list), 10)
	return list
}
