package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/ymarket-go/chats/wrapper"
)

const accessHelp = `The key and the cabinet come from flags, the environment or a file, in this order:

  --key       YM_API_KEY      api-key
  --business  YM_BUSINESS_ID  business-id
  --base-url  YM_BASE_URL     base-url

The file holds lines like "business-id = 12345", without quotes; # begins a comment.
Only its owner may have access to it.`

// setting is one thing to know before a call, and where it may stand.
type setting struct{ flag, variable, line string }

var (
	keySetting      = setting{"key", "YM_API_KEY", "api-key"}
	businessSetting = setting{"business", "YM_BUSINESS_ID", "business-id"}
	baseURLSetting  = setting{"base-url", "YM_BASE_URL", "base-url"}
)

// access is what a client needs to know of whom it talks for. No error of it shows a value: the one that stands in the
// wrong place may be the key.
type access struct {
	businessID int64
	key        string
	opts       []wrapper.Option
}

func accessFlags(cmd *cobra.Command) {
	flags := cmd.Flags()
	const keyWarning = "every user of this machine can see it in the list of processes, " +
		"and it stays in the shell's history"
	flags.String("key", "", "the Api-Key; "+keyWarning)
	flags.String("business", "", "the cabinet, its businessId")
	flags.String("base-url", "", "where the API is (default that of the contract)")
	flags.String("config", "", "the file (default "+configPlace+")")
}

// readAccess looks at flags, environment and file.
func readAccess(flags *pflag.FlagSet) (a access, err error) {
	path, file, err := readConfig(flags)
	if err != nil {
		return a, err
	}
	find := func(s setting) (value string, found bool) {
		if f := flags.Lookup(s.flag); f.Changed {
			return f.Value.String(), true
		}
		if value = os.Getenv(s.variable); value != "" {
			return value, true
		}
		value, found = file[s.line]
		return value, found
	}
	missing := func(what string, s setting) error {
		return fmt.Errorf("%s is missing: set %s, write a line %s = … into %s, or give --%s",
			what, s.variable, s.line, path, s.flag)
	}
	if a.key, _ = find(keySetting); a.key == "" {
		return a, missing("the key", keySetting)
	}
	business, _ := find(businessSetting)
	if business == "" {
		return a, missing("the cabinet", businessSetting)
	}
	if a.businessID, err = strconv.ParseInt(business, 10, 64); err != nil || a.businessID < 1 {
		return a, errors.New("the cabinet is not allowed, allowed is its businessId, 1 and above")
	}
	if baseURL, found := find(baseURLSetting); found {
		a.opts = append(a.opts, wrapper.WithBaseURL(baseURL))
	}
	return a, nil
}

const configPlace = "~/.config/ymchats/config, or where this system keeps configuration"

// configPath is where the file is, and whether it has to be there.
func configPath(flags *pflag.FlagSet) (path string, required bool) {
	if f := flags.Lookup("config"); f.Changed {
		return f.Value.String(), true
	}
	dir, err := os.UserConfigDir()
	if err != nil {
		return configPlace, false // it is nowhere
	}
	return filepath.Join(dir, "ymchats", "config"), false
}
