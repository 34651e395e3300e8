package controllers_test

import (
	"testing"

	"atrium.dev/atrium/test/rig"
)

func TestMain(m *testing.M) { rig.Main(m) }
