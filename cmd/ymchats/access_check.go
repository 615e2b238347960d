package main

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// quotes are those that programs and people put around a value.
const quotes = "\"'`«»“”„‘’‚"

// checkBare refuses a value that was copied with something around it. What is refused is not mended silently: who sees
// the value in its place would think that it is right as it stands there.
func checkBare(s setting, value given) error {
	first, _ := utf8.DecodeRuneInString(value.text)
	last, _ := utf8.DecodeLastRuneInString(value.text)
	isBlank := func(r rune) bool { return unicode.IsSpace(r) || r == '\ufeff' }
	switch {
	case value.text == "":
		return nil
	case isBlank(first) || isBlank(last):
		return refused(s, value, "begins or ends with a blank or a line end: write it without")
	case strings.ContainsRune(quotes, first) || strings.ContainsRune(quotes, last):
		return refused(s, value, "begins or ends with a quote: write it without")
	}
	return nil
}

// refused names a setting and its place, and shows no value: it may be the key.
func refused(s setting, value given, why string) error {
	return fmt.Errorf("%s of %s %s", s.what, value.where, why)
}

// withHeader finds what belongs to the header of a key, and not to the key.
var withHeader = regexp.MustCompile(`(?i)^(api-key:|authorization:|bearer\s|oauth\s)`)

func checkKey(key given) (string, error) {
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

func checkBusiness(business given) (int64, error) {
	if err := checkBare(businessSetting, business); err != nil {
		return 0, err
	}
	id, err := strconv.ParseUint(business.text, 10, 63) // takes no sign
	if err != nil || id == 0 {
		return 0, refused(businessSetting, business, "is no number: allowed are digits alone, 1 and above")
	}
	return int64(id), nil
}
