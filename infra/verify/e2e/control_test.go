package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
)

// control asks the stack's own control, which is for who can read its data.
func (s *stack) control(ctx context.Context, method, path string) error {
	text, err := os.ReadFile(filepath.Join(s.data, "control"))
	if err != nil {
		return err
	}
	var access struct{ URL, Password string }
	if err := json.Unmarshal(text, &access); err != nil {
		return err
	}
	r, err := do(ctx, method, access.URL+path, access.Password, nil, nil)
	if err == nil && r.status != http.StatusOK {
		err = fmt.Errorf("%s %s: status %d: %s", method, path, r.status, r.body)
	}
	return err
}

// invoke calls a function as its timer does. If ctx ends first, its process is killed.
func (s *stack) invoke(ctx context.Context, function string) error {
	return s.control(ctx, http.MethodPost, "/invoke/"+function)
}

// setStore gives the store faults, "down=true", and takes those away that are not named.
func (s *stack) setStore(ctx context.Context, faults string) error {
	return s.control(ctx, http.MethodPut, "/store?"+faults)
}
