//go:debug x509usefallbackroots=1

// Command bench measures what the wrapper costs beside other ways to make the same calls. README.md tells more.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
)

// options are the flags. An empty list is all of it.
type options struct {
	only       []string
	contenders []string
	rounds     int
	profile    string
	document   string
	results    string
}

// part is a thing that can be measured by itself.
type part struct {
	name    string
	measure func(options) (section, error)
}

var parts = []part{
	{"memory", memory},
	{"sockets", sockets},
	{"quota", quota},
	{"waiting", waiting},
	{"importing", importing},
	{"market", market},
}

func main() {
	var o options
	var partNames, contenderNames []string
	for _, p := range parts {
		partNames = append(partNames, p.name)
	}
	for _, c := range contenders() {
		contenderNames = append(contenderNames, c.name)
	}
	listFlag(&o.only, "only", partNames, "measure these parts")
	listFlag(&o.contenders, "contenders", contenderNames, "measure these in the part memory")
	flag.IntVar(&o.rounds, "rounds", 120, "rounds of the part memory, 10 or more")
	flag.StringVar(&o.profile, "profile", "", "write profiles of CPU and allocations into this directory, and do no more")
	flag.StringVar(&o.document, "document", "",
		"measure all of it with the versions of Go that are the arguments, such as go1.26.8, and write it into this file")
	flag.StringVar(&o.results, "results", "", "used by the program itself")
	bubble := flag.String("bubble", "", "used by the program itself")
	flag.Parse()
	if *bubble != "" {
		runBubble(*bubble)
	}
	if err := run(o); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// listFlag takes names separated by commas.
func listFlag(into *[]string, name string, allowed []string, usage string) {
	flag.Func(name, usage+"; of: "+strings.Join(allowed, ","), func(list string) error {
		*into = strings.Split(list, ",")
		for _, wanted := range *into {
			if !slices.Contains(allowed, wanted) {
				return fmt.Errorf("%q is none of %q", wanted, allowed)
			}
		}
		return nil
	})
}

func run(o options) error {
	if o.rounds < 10 {
		return fmt.Errorf("-rounds is %d, allowed is 10 and above", o.rounds)
	}
	if err := checkSame(contenders()); err != nil {
		return err
	}
	if o.profile != "" {
		return profile(o)
	}
	if o.document != "" {
		return writeDocument(o)
	}
	found, err := measure(o)
	if err != nil || o.results == "" {
		return err
	}
	return found.save(o.results)
}

func writeDocument(o options) error {
	if flag.NArg() == 0 || o.only != nil || o.contenders != nil {
		return errors.New("-document needs versions of Go as arguments, such as go1.26.8, and all parts and contenders")
	}
	all, err := measureWith(flag.Args(), o)
	if err != nil {
		return err
	}
	return replaceMeasured(o.document, document(all))
}

func chosen(list []string, name string) bool { return list == nil || slices.Contains(list, name) }
