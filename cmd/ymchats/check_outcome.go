package main

import (
	"fmt"
	"regexp"
	"strings"
)

// outcome is what came of all files.
type outcome struct {
	Summary       summary
	Notices       listings
	OtherRequests listings
	hosts         hostCounts
}

type summary struct {
	Files       int `json:"files"`
	Entries     int `json:"entries"`
	Ours        int `json:"ours"`       // requests of the contract's operations
	SameHost    int `json:"sameHost"`   // other requests to the same host
	OtherHosts  int `json:"otherHosts"` // requests to other hosts, and entries without an address
	Checked     int `json:"checked"`    // of ours, those of which a request or an answer was checked
	Unreadable  int `json:"unreadable"` // requests and answers of ours that are damaged
	Violations  int `json:"violations"`
	Notices     int `json:"notices"`
	NotRecorded int `json:"notRecorded"` // headers and bodies of ours that the files do not hold
}

func (s summary) String() string {
	text := fmt.Sprintf("files %d, entries %d: ours %d, other requests to the same host %d, requests to other hosts %d; ",
		s.Files, s.Entries, s.Ours, s.SameHost, s.OtherHosts)
	text += fmt.Sprintf("checked %d, violations %d", s.Checked, s.Violations)
	for _, more := range []struct {
		what  string
		count int
	}{{"notices", s.Notices}, {"headers and bodies that were not recorded", s.NotRecorded}, {"unreadable", s.Unreadable}} {
		if more.count > 0 {
			text += fmt.Sprintf(", %s %d", more.what, more.count)
		}
	}
	return text
}

// maxListings bounds a list of what was found many times.
const maxListings = 1000

// listing is something that was found, where it was found first, and how often.
type listing struct {
	finding
	Count int `json:"count"`
}

// listings are in the order in which they were found first.
type listings struct {
	list  []*listing
	index map[finding]*listing // by what they have in common
}

func (l *listings) add(f finding) {
	common := f
	common.File, common.Line, common.Entry, common.Time = "", 0, 0, ""
	if listed, ok := l.index[common]; ok {
		listed.Count++
		return
	}
	if len(l.list) == maxListings {
		return
	}
	if l.index == nil {
		l.index = map[finding]*listing{}
	}
	l.index[common] = &listing{f, 1}
	l.list = append(l.list, l.index[common])
}

// hostCounts counts requests to other hosts.
type hostCounts struct {
	names  []string // in the order in which they came
	counts map[string]int
}

// maxHosts bounds how many of them are counted apart.
const maxHosts = 100

var plainHost = regexp.MustCompile(`^[a-z0-9.:\[\]_-]{1,100}$`)

func (h *hostCounts) add(host string) {
	if !plainHost.MatchString(host) {
		host = "addresses without a host"
	}
	if h.counts == nil {
		h.counts = map[string]int{}
	}
	if _, counted := h.counts[host]; !counted {
		if len(h.names) == maxHosts {
			return
		}
		h.names = append(h.names, host)
	}
	h.counts[host]++
}

// nothing says what was found where nothing was checked.
func (c *checker) nothing() string {
	text := fmt.Sprintf("ymchats: nothing was checked: no %s of an operation at %s was found\n",
		c.sought(), strings.Join(c.baseURLs, ", "))
	s := c.outcome.Summary
	switch {
	case s.Entries == 0:
		text += "ymchats: found instead: no entries at all\n"
	case s.Ours > 0:
		text += fmt.Sprintf("ymchats: found instead: %d requests without an answer\n", s.Ours)
	}
	for i, l := range c.outcome.OtherRequests.list {
		if i == 10 {
			text += "ymchats: and more\n"
			break
		}
		text += fmt.Sprintf("ymchats: found instead: %d × %s %s on the same host\n", l.Count, l.Method, l.Path)
	}
	for i, host := range c.outcome.hosts.names {
		if i == 10 {
			text += "ymchats: and more\n"
			break
		}
		text += fmt.Sprintf("ymchats: found instead: %d × %s\n", c.outcome.hosts.counts[host], host)
	}
	return text + "ymchats: --base-url says where the recorded API is, --allow-empty that this is meant\n"
}

func (c *checker) sought() string {
	if c.side == "response" {
		return "answer"
	}
	return "request"
}
