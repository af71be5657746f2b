package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
)

// control sends a request to the stack's control API. It reads the API's address and password from
// the data folder, so only processes that can read this folder can use the API.
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

// invoke calls a function the way its timer trigger does. If ctx is done before the call returns,
// the host kills the function's process.
func (s *stack) invoke(ctx context.Context, function string) error {
	return s.control(ctx, http.MethodPost, "/invoke/"+function)
}

// setStore replaces the faults that the store simulates, for example with "down=true". An empty
// string removes all faults. setStore does not undo the age method.
func (s *stack) setStore(ctx context.Context, faults string) error {
	if s.aged {
		faults += "&age=1h"
	}
	return s.control(ctx, http.MethodPut, "/store?"+faults)
}
