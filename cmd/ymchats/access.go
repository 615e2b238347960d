package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/ymarket-go/chats/gen"
	"github.com/ymarket-go/chats/wrapper"
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

// access is for which cabinet a client calls, with which key, and at which address. No error shows a value: a value in
// the wrong place may be the key.
type access struct {
	businessID int64
	key        string
	baseURL    value // its text is empty where the default holds
}

// value is the value of a setting, and where it was found.
type value struct{ text, where string }

func accessFlags(cmd *cobra.Command) {
	flags := cmd.Flags()
	const keyWarning = "every user of this machine can see it in the list of processes, " +
		"and it stays in the shell's history"
	flags.String("key", "", "the Api-Key; "+keyWarning)
	flags.String("business", "", "the businessId, the number of the cabinet")
	flags.String("base-url", "", "where the API is (default "+gen.ServerURL+")")
	flags.String("config", "", "the file with the settings (default "+configPlace+")")
}

// readAccess reads the settings from flags, environment and file.
func readAccess(flags *pflag.FlagSet) (a access, err error) {
	path, file, err := readConfig(flags)
	if err != nil {
		return a, err
	}
	find := func(s setting) value {
		if f := flags.Lookup(s.flag); f.Changed {
			return value{f.Value.String(), "--" + s.flag}
		}
		if text := os.Getenv(s.variable); text != "" {
			return value{text, s.variable}
		}
		if line, found := file[s.line]; found {
			return value{line.text, fmt.Sprintf("%s, line %d,", path, line.number)}
		}
		return value{}
	}
	key, business := find(keySetting), find(businessSetting)
	for _, needed := range []struct {
		setting
		value
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

// quotes are those that programs and people put around a value.
const quotes = "\"'`«»“”„‘’‚"

// checkBare refuses a value that was copied with something around it. It does not mend the value: people would think
// that it is right as it stands there.
func checkBare(s setting, v value) error {
	first, _ := utf8.DecodeRuneInString(v.text)
	last, _ := utf8.DecodeLastRuneInString(v.text)
	isBlank := func(r rune) bool { return unicode.IsSpace(r) || r == '\ufeff' }
	switch {
	case v.text == "":
		return nil
	case isBlank(first) || isBlank(last):
		return refused(s, v, "begins or ends with a blank or a line end: write it without")
	case strings.ContainsRune(quotes, first) || strings.ContainsRune(quotes, last):
		return refused(s, v, "begins or ends with a quote: write it without")
	}
	return nil
}

// refused names a setting and its place, and shows no value: it may be the key.
func refused(s setting, v value, why string) error {
	return fmt.Errorf("%s of %s %s", s.what, v.where, why)
}

// withHeader finds what belongs to the header of a key, and not to the key.
var withHeader = regexp.MustCompile(`(?i)^(api-key:|authorization:|bearer\s|oauth\s)`)

func checkKey(key value) (string, error) {
	isInvisible := func(r rune) bool { return r <= ' ' || r > '~' }
	switch err := checkBare(keySetting, key); {
	case err != nil:
		return "", err
	case withHeader.MatchString(key.text):
		return "", refused(keySetting, key, "begins with the name of a header: write the key alone")
	case strings.ContainsFunc(key.text, isInvisible):
		return "", refused(keySetting, key,
			"holds a blank, or a letter that no key has: allowed is visible ASCII")
	}
	return key.text, nil
}

func checkBusiness(business value) (int64, error) {
	if err := checkBare(businessSetting, business); err != nil {
		return 0, err
	}
	id, err := strconv.ParseUint(business.text, 10, 63) // takes no sign
	if err != nil || id == 0 {
		return 0, refused(businessSetting, business, "is no number: allowed are digits alone, 1 and above")
	}
	return int64(id), nil
}

// client makes the client of the settings. An error names the setting.
func (a access) client(opts ...wrapper.Option) (*wrapper.Client, error) {
	opts = append(opts, wrapper.WithUserAgent(product()))
	if a.baseURL.where != "" {
		opts = append(opts, wrapper.WithBaseURL(a.baseURL.text))
	}
	client, err := wrapper.New(a.businessID, wrapper.APIKey(a.key), opts...)
	if option := new(wrapper.OptionError); errors.As(err, &option) { // the base URL: all else was checked before
		return nil, refused(baseURLSetting, a.baseURL, option.Value+", allowed is "+option.Allowed)
	}
	return client, err
}
