package traceapi

import (
	"strings"

	"devicetrace/pkg/diagnose"
)

// parseLang returns the language that the parameter names. If the parameter is empty, parseLang
// returns the first supported language in Accept-Language, or English if there is none.
func parseLang(parameter, acceptLanguage string) (diagnose.Lang, error) {
	if parameter != "" {
		if lang, known := langOf(parameter); known {
			return lang, nil
		}
		return diagnose.English, invalid("lang must be en or zh")
	}
	for one := range strings.SplitSeq(acceptLanguage, ",") {
		tag, _, _ := strings.Cut(one, ";")
		if lang, known := langOf(strings.TrimSpace(tag)); known {
			return lang, nil
		}
	}
	return diagnose.English, nil
}

// langOf returns the supported language that matches a language tag (RFC 5646), such as Chinese for
// zh-CN.
func langOf(tag string) (lang diagnose.Lang, known bool) {
	primary, _, _ := strings.Cut(strings.ToLower(tag), "-")
	switch primary {
	case "en":
		return diagnose.English, true
	case "zh":
		return diagnose.Chinese, true
	default:
		return "", false
	}
}
