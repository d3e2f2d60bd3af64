package config

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/coreos/go-systemd/v22/unit"
)

// Parse reads one file's text over c. What it cannot use it leaves out, and says so in a warning
// for each.
func (c *Config) Parse(r io.Reader) (warnings []string) {
	options, err := unit.DeserializeOptions(r)
	if err != nil {
		return []string{err.Error()}
	}
	for _, o := range options {
		if err := c.set(o.Section, o.Name, o.Value); err != nil {
			warnings = append(warnings, fmt.Sprintf("[%s] %s=%s: %v", o.Section, o.Name, o.Value, err))
		}
	}
	return warnings
}

func (c *Config) set(section, key, value string) error {
	switch section + "/" + key {
	case "Daemon/IdleTimeoutSec":
		return setSpan(&c.IdleTimeout, value, 0)
	case "Daemon/LogLevel":
		return c.LogLevel.UnmarshalText([]byte(value))
	case "Container/StopTimeoutSec":
		return setSpan(&c.StopTimeout, value, time.Second)
	case "Container/ContainerEnv":
		return setWord(&c.ContainerEnv, value)
	case "Container/Path":
		return setWord(&c.Path, value)
	}
	return fmt.Errorf("there is no such key; known are %s", strings.Join(Keys(), ", "))
}

// Keys lists every key as Section.Key, for messages, completion and the manual's test.
func Keys() []string {
	return []string{
		"Daemon.IdleTimeoutSec", "Daemon.LogLevel",
		"Container.StopTimeoutSec", "Container.ContainerEnv", "Container.Path",
	}
}

func setWord(to *string, value string) error {
	if value == "" || strings.ContainsAny(value, "\x00\n") {
		return fmt.Errorf("it must not be empty, nor have control characters")
	}
	*to = value
	return nil
}

func setSpan(to *time.Duration, value string, least time.Duration) error {
	d, err := ParseSpan(value)
	if err != nil {
		return err
	}
	if d < least {
		return fmt.Errorf("it must be at least %v", least)
	}
	*to = d
	return nil
}
