package initproc

import "testing"

// TestBootIDText: random bytes become a UUID of version 4, in the kernel's form.
func TestBootIDText(t *testing.T) {
	t.Parallel()
	for id, want := range map[[16]byte]string{
		{}: "00000000-0000-4000-8000-000000000000\n",
		{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}: "ffffffff-ffff-4fff-bfff-ffffffffffff\n",
		{0x0a, 0x1b, 0x2c, 0x3d, 0x4e, 0x5f, 0x60, 0x71, 0x82, 0x93, 0xa4, 0xb5, 0xc6, 0xd7, 0xe8, 0xf9}: "0a1b2c3d-4e5f-4071-8293-a4b5c6d7e8f9\n",
	} {
		if got := bootIDText(id); got != want {
			t.Errorf("%x: %q, want %q", id, got, want)
		}
	}
}
