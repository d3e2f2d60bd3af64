//go:build nest

package nest

import (
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// program32 makes an executable for i386 that calls a system call with five arguments 0 and exits
// with the error's number.
func program32(t *testing.T, file string, number byte) {
	t.Helper()
	code := []byte{
		0xb8, number, 0, 0, 0, // mov number, %eax
		0x31, 0xdb, 0x31, 0xc9, 0x31, 0xd2, 0x31, 0xf6, 0x31, 0xff, // xor of %ebx, %ecx, %edx, %esi, %edi
		0xcd, 0x80, // int 0x80
		0x89, 0xc3, 0xf7, 0xdb, // mov %eax, %ebx; neg %ebx
		0xb8, 1, 0, 0, 0, // mov 1 (exit), %eax
		0xcd, 0x80,
	}
	const base, headers = 0x10000, 52 + 32 // Elf32_Ehdr and one Elf32_Phdr, elf(5)
	size := uint32(headers + len(code))
	text := append([]byte{0x7f, 'E', 'L', 'F', 1, 1, 1}, make([]byte, 9)...)
	for _, field := range []any{
		uint16(2), uint16(3), uint32(1), uint32(base + headers), uint32(52), uint32(0), uint32(0), // ET_EXEC, EM_386
		uint16(52), uint16(32), uint16(1), uint16(0), uint16(0), uint16(0),
		uint32(1), uint32(0), uint32(base), uint32(base), size, size, uint32(5), uint32(0x1000), // PT_LOAD, read and execute
	} {
		var err error
		if text, err = binary.Append(text, binary.LittleEndian, field); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(file, append(text, code...), 0o755); err != nil {
		t.Fatal(err)
	}
}

// TestSeccomp32Bit: a 32-bit program is filtered by its own numbers, whichever machine uname(2) tells of.
func TestSeccomp32Bit(t *testing.T) {
	clean(t)
	if runtime.GOARCH != "amd64" {
		t.Fatalf("the test has no program for the 32-bit sibling of %s", runtime.GOARCH)
	}
	const filter = "<seccomp profile='default'/>"
	for name, c := range map[string]struct{ arch, more, want string }{
		"no filter":           {"x86_64", "", "x86_64 getuid 0 swapon 14 vm86 38 "}, // EFAULT
		"filter":              {"x86_64", extension(filter), "x86_64 getuid 0 swapon 1 vm86 1 "},
		"filter, 32-bit arch": {"i686", extension(filter), "i686 getuid 0 swapon 1 vm86 1 "},
	} {
		t.Run(name, func(t *testing.T) {
			clean(t)
			g := script(t, "web", "uname -m; for p in getuid swapon vm86; do /$p; echo $p $?; done; echo THE END; exec sleep 1000")
			for call, number := range map[string]byte{"getuid": 24, "swapon": 87, "vm86": 166} {
				program32(t, filepath.Join(g.Root, call), number)
			}
			g.More = c.more
			xml := strings.Replace(g.xml(), "<type>", fmt.Sprintf("<type arch='%s'>", c.arch), 1)
			file := filepath.Join(t.TempDir(), "web.xml")
			if err := os.WriteFile(file, []byte(xml), 0o600); err != nil {
				t.Fatal(err)
			}
			run(t, "berthctl", "create", file)
			t.Cleanup(func() { try(t, "berthctl", "destroy", "web") })
			output, _, _ := strings.Cut(says(t, "web", "THE END"), "THE END")
			if got := strings.ReplaceAll(output, "\n", " "); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}
