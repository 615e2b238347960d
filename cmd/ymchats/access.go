package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/ymarket-go/chats/gen"
)

const accessHelp = `The key and the businessId come from flags, the environment or a file, in this order:

  --key       YM_API_KEY      api-key
  --business  YM_BUSINESS_ID  business-id
  --base-url  YM_BASE_URL     base-url

The businessId is the number of the cabinet: the seller's account on the Market, to which a key belongs. It is not a
campaignId, which is the number of one shop in the cabinet.

The file holds lines like business-id = 12345. A value may stand in quotes, # begins a comment, the text is UTF-8.
Only its owner may have access to the file (chmod 600).`

// setting is one thing to know before a call, and where it may stand.
type setting struct{ what, flag, variable, line string }

var (
	keySetting      = setting{"the key", "key", "YM_API_KEY", "api-key"}
	businessSetting = setting{"the businessId", "business", "YM_BUSINESS_ID", "business-id"}
	baseURLSetting  = setting{"the base URL", "base-url", "YM_BASE_URL", "base-url"}
)

// access is what a client needs to know of whom it talks for. No error of it shows a value: the one that stands in the
// wrong place may be the key.
type access struct {
	businessID int64
	key        string
	baseURL    given // its text is empty where the default holds
}

// given is the value of a setting, and where it was found.
type given struct{ text, where string }

func accessFlags(cmd *cobra.Command) {
	flags := cmd.Flags()
	const keyWarning = "every user of this machine can see it in the list of processes, " +
		"and it stays in the shell's history"
	flags.String("key", "", "the Api-Key; "+keyWarning)
	flags.String("business", "", "the businessId, the number of the cabinet")
	flags.String("base-url", "", "where the API is (default "+gen.ServerURL+")")
	flags.String("config", "", "the file with the settings (default "+configPlace+")")
}

// readAccess looks at flags, environment and file.
func readAccess(flags *pflag.FlagSet) (a access, err error) {
	path, file, err := readConfig(flags)
	if err != nil {
		return a, err
	}
	find := func(s setting) given {
		if f := flags.Lookup(s.flag); f.Changed {
			return given{f.Value.String(), "--" + s.flag}
		}
		if value := os.Getenv(s.variable); value != "" {
			return given{value, s.variable}
		}
		if value, found := file[s.line]; found {
			return given{value.text, fmt.Sprintf("%s, line %d,", path, value.line)}
		}
		return given{}
	}
	key, business := find(keySetting), find(businessSetting)
	for _, needed := range []struct {
		setting
		given
	}{{keySetting, key}, {businessSetting, business}} {
		if s := needed.setting; needed.text == "" {
			return a, fmt.Errorf("%s is missing: set %s, write a line %s = … into %s, or give --%s",
				s.what, s.variable, s.line, path, s.flag)
		}
	}
	a.baseURL = find(baseURLSetting)
	if a.key, err = checkKey(key); err != nil {
		return a, err
	}
	if a.businessID, err = checkBusiness(business); err != nil {
		return a, err
	}
	return a, checkBare(baseURLSetting, a.baseURL)
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
