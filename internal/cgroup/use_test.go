package cgroup

import (
	"os"
	"path/filepath"
	"testing"
)

// TestInUse: memory in use is without the files' pages that can be dropped, and a missing controller has none.
func TestInUse(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		files         map[string]string
		memory, tasks uint64
		wrong         bool
	}{
		"all":       {map[string]string{"memory.current": "100000\n", "memory.stat": "anon 50000\ninactive_anon 1\nactive_file 20000\ninactive_file 10000\n", "pids.current": "7\n"}, 70000, 7, false},
		"none":      {nil, 0, 0, false},
		"no memory": {map[string]string{"pids.current": "7\n"}, 0, 7, false},
		"later":     {map[string]string{"memory.current": "5\n", "memory.stat": "active_file 6\ninactive_file 0\n"}, 0, 0, false},
		"garbage":   {map[string]string{"pids.current": "many\n"}, 0, 0, true},
	} {
		dir := t.TempDir()
		for file, text := range tc.files {
			if err := os.WriteFile(filepath.Join(dir, file), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		d, err := At(dir, "")
		if err != nil {
			t.Fatal(err)
		}
		memory, tasks, err := d.InUse()
		_ = d.Close()
		if memory != tc.memory || tasks != tc.tasks || (err != nil) != tc.wrong {
			t.Errorf("%s: %d, %d, %v", name, memory, tasks, err)
		}
	}
}
