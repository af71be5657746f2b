package console

import (
	"fmt"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/event"
)

// TestTheAPIExplainsTheSameWords checks that the README of the API explains every word in the same
// sentences as the page, in both languages.
func TestTheAPIExplainsTheSameWords(t *testing.T) {
	content, err := os.ReadFile("../traceapi/README.md")
	require.NoError(t, err)
	readme := string(content)
	en, zh := texts(t, "en.js"), texts(t, "zh.js")
	for _, action := range []event.Action{event.Connect, event.Close, event.Disconnect} {
		stage, meaning := "stage."+string(action), "action."+string(action)
		require.Contains(t, readme, fmt.Sprintf("| `%s` | %s | %s | %s | %s |\n", action, en[stage], en[meaning], zh[stage], zh[meaning]))
	}
	for _, info := range event.ActionInfos() {
		meaning := "info." + string(info)
		require.Contains(t, readme, fmt.Sprintf("| `%s` | %s | %s |\n", info, en[meaning], zh[meaning]))
	}
	require.Contains(t, readme, fmt.Sprintf("| empty | %s | %s |\n", en["info.unexplained"], zh["info.unexplained"]))
	for _, label := range []string{"info.none", "info.unclear", "kind.unknown"} {
		require.Contains(t, readme, fmt.Sprintf("“%s” (%s)", en[label], zh[label]))
	}
}
