package dbusapi

import (
	"context"
	"fmt"

	"github.com/berthd/berth/contract"
	"github.com/berthd/berth/internal/domain"
)

func validateXMLMethod() *method {
	return &method{
		name: "ValidateXML", in: "sa{sv}", out: "a(ssus)", action: contract.ActionRead, doing: "check a definition",
		limit: maxXMLArgs, options: map[string]string{"device": "b", "warnings": "b"}, run: validateXML,
	}
}

// fault is one mistake or warning in ValidateXML's reply.
type fault struct {
	Kind    string
	Element string
	Line    uint32
	Text    string
}

func validateXML(_ context.Context, s *Server, c *call) ([]any, error) {
	v, err := s.core.Validate([]byte(c.args[0].(string)), option[bool](c, "device"))
	if err != nil {
		return nil, err
	}
	rows := []fault{}
	for _, e := range v.Faults {
		kind := "invalid"
		if e.Kind == domain.InvalidConfig {
			kind = "unsupported"
		}
		rows = append(rows, fault{kind, e.Element, uint32(e.Line), e.Text})
	}
	if v.More > 0 {
		rows = append(rows, fault{Kind: "more", Text: fmt.Sprintf("and %d more", v.More)})
	}
	if option[bool](c, "warnings") {
		for _, m := range v.WithoutEffect {
			rows = append(rows, fault{"warning", m.Element, uint32(m.Line), m.Text})
		}
	}
	return []any{rows}, nil
}
