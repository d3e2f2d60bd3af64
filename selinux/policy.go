package selinux

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// contexts are those of the policy for containers.
type contexts struct {
	file    string // that has them
	process context
	object  context // "file"
}

// contextsFile returns the path of the policy's file with the contexts of containers (lxc_contexts(5)).
func contextsFile(etc string) (string, error) {
	config := filepath.Join(etc, "config")
	text, err := os.ReadFile(config)
	if err != nil {
		return "", err
	}
	for line := range strings.Lines(string(text)) {
		key, value, ok := strings.Cut(strings.TrimSpace(line), "=")
		if policy := strings.Trim(strings.TrimSpace(value), `"`); ok && strings.TrimSpace(key) == "SELINUXTYPE" && policy != "" {
			return filepath.Join(etc, policy, "contexts", "lxc_contexts"), nil
		}
	}
	return "", fmt.Errorf("%s does not say which policy is in use (SELINUXTYPE=)", config)
}

// readContexts reads the contexts of containers. libvirt wants the key content, too.
func readContexts(file string) (contexts, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return contexts{}, err
	}
	found := map[string]string{}
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' || line[0] == ';' {
			continue
		}
		if key, value, ok := strings.Cut(line, "="); ok {
			found[strings.TrimSpace(key)] = strings.Trim(strings.TrimSpace(value), `"'`)
		}
	}
	c := contexts{file: file}
	for _, one := range []struct {
		key string
		to  *context
	}{{"process", &c.process}, {"file", &c.object}, {"content", &context{}}} {
		value, ok := found[one.key]
		if !ok {
			return contexts{}, fmt.Errorf("%s has no line '%s = \"...\"'", file, one.key)
		}
		if *one.to, err = parse(value); err != nil {
			return contexts{}, fmt.Errorf("%s: %s: %w", file, one.key, err)
		}
	}
	return c, nil
}
