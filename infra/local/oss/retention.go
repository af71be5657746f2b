package oss

import (
	"encoding/xml"
	"net/http"
	"time"
)

type retention struct {
	XMLName               xml.Name `xml:"WormConfiguration"`
	WormID                string   `xml:"WormId"`
	State                 string
	RetentionPeriodInDays int
	CreationDate          string
}

// getRetention sends the bucket's retention policy, whose state is always Locked. It returns an
// error if there is no policy.
func (s *Server) getRetention(w http.ResponseWriter) error {
	if s.cfg.RetentionDays == 0 {
		return refuse(http.StatusNotFound, "NoSuchWORMConfiguration", "The WORM Configuration does not exist.")
	}
	return writeXML(w, http.StatusOK, retention{
		WormID: "1", State: "Locked", RetentionPeriodInDays: s.cfg.RetentionDays, CreationDate: "2026-11-01T00:00:00.000Z",
	})
}

// refuseProtected returns an error if the retention policy protects an object under one of the keys
// from being replaced or deleted.
func (s *Server) refuseProtected(keys ...string) error {
	age := time.Duration(s.cfg.RetentionDays) * 24 * time.Hour
	for _, key := range keys {
		if modified, found := s.objects.modified(key); found && s.cfg.Now().Sub(modified) < age {
			return refuse(http.StatusConflict, "FileImmutable", "The object you specified is immutable.")
		}
	}
	return nil
}
