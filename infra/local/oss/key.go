package oss

import (
	"net/http"
	"unicode/utf8"
)

const maxKey = 1023

// checkKey refuses what the service refuses as a name.
func checkKey(key string) error {
	if key == "" || len(key) > maxKey || !utf8.ValidString(key) || key[0] == '/' || key[0] == '\\' {
		return answer(http.StatusBadRequest, "InvalidObjectName", "The specified object is not valid.")
	}
	return nil
}
