package serve

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestBearer(t *testing.T) {
	for _, c := range []struct {
		name, token, header string
		want                int
	}{
		{"right", "secret", "Bearer secret", 200},
		{"scheme in any case", "secret", "bearer secret", 200},
		{"wrong", "secret", "Bearer Secret", 401},
		{"longer", "secret", "Bearer secrets", 401},
		{"other scheme", "secret", "Basic secret", 401},
		{"none", "secret", "", 401},
		{"nothing configured", "", "Bearer ", 401},
		{"nothing configured, none sent", "", "", 401},
	} {
		t.Run(c.name, func(t *testing.T) {
			reached := false
			handler := Bearer(c.token, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached = true }))
			r := httptest.NewRequest("POST", "/", nil)
			r.Header.Set("Authorization", c.header)
			w := httptest.NewRecorder()
			handler.ServeHTTP(w, r)
			require.Equal(t, c.want, w.Code)
			require.Equal(t, c.want == 200, reached)
			if c.want == 401 {
				require.NotEmpty(t, w.Header().Get("WWW-Authenticate"))
				require.Contains(t, w.Body.String(), `"code":"Unauthorized"`)
			}
		})
	}
}
