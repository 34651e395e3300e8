package office

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// OpenAPI is the description of all operations, as it is committed in
// tenant-app/openapi.json, from which the page's client is generated.
func (o *Office) OpenAPI() ([]byte, error) {
	raw, err := json.Marshal(o.Server.API.OpenAPI())
	if err != nil {
		return nil, fmt.Errorf("describe the operations: %w", err)
	}
	var pretty bytes.Buffer
	if err := json.Indent(&pretty, raw, "", "  "); err != nil {
		return nil, fmt.Errorf("describe the operations: %w", err)
	}
	pretty.WriteByte('\n')
	return pretty.Bytes(), nil
}
