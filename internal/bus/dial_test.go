package bus

import "testing"

// TestSocketName: the socket's path is read from a bus address with its escapes, and an address
// without one is an error.
func TestSocketName(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, address, want string }{
		{"path", "unix:path=/run/bus", "/run/bus"},
		{"with guid", "unix:path=/tmp/x,guid=12", "/tmp/x"},
		{"guid first", "unix:guid=12,path=/tmp/x", "/tmp/x"},
		{"abstract", "unix:abstract=/tmp/x", "@/tmp/x"},
		{"escaped", "unix:path=/tmp/a%20b", "/tmp/a b"},
		{"bad escape", "unix:path=/tmp/%zz", ""},
		{"no path", "unix:guid=1", ""},
		{"tcp", "tcp:host=localhost", ""},
		{"nothing", "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := socketName(tt.address)
			if got != tt.want || (err == nil) != (tt.want != "") {
				t.Errorf("socketName(%q) = %q, %v; want %q", tt.address, got, err, tt.want)
			}
		})
	}
}
