package fast

import "net/http"

// Get stands for h.Get. name is in canonical form.
func Get(h http.Header, name string) string {
	if values := h[name]; len(values) > 0 {
		return values[0]
	}
	return ""
}
