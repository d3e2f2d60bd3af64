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
		limit: maxXMLArgs, run: validateXML,
	}
}

// fault is one mistake in ValidateXML's reply.
type fault struct {
	Kind    string
	Element string
	Line    uint32
	Text    string
}

func validateXML(_ context.Context, s *Server, c *call) ([]any, error) {
	list, more, err := s.core.Validate([]byte(c.args[0].(string)))
	if err != nil {
		return nil, err
	}
	rows := []fault{}
	for _, e := range list {
		kind := "invalid"
		if e.Kind == domain.InvalidConfig {
			kind = "unsupported"
		}
		rows = append(rows, fault{kind, e.Element, uint32(e.Line), e.Text})
	}
	if more > 0 {
		rows = append(rows, fault{Kind: "more", Text: fmt.Sprintf("and %d more", more)})
	}
	return []any{rows}, nil
}
