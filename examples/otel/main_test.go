package main

import (
	"bytes"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/codes"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
)

func TestSpans(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const token, text = "canary-token", "canary-text"
		recorder := tracetest.NewSpanRecorder()
		provider := sdk.NewTracerProvider(sdk.WithSpanProcessor(recorder))
		var log bytes.Buffer
		logger := slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
		require.NoError(t, converse(t.Context(), provider, logger, token, text))

		var attempts []string
		spans := recorder.Ended()
		whole := spans[len(spans)-1]
		assert.Equal(t, "tell the buyer", whole.Name())
		for _, span := range spans[:len(spans)-1] {
			var status int64
			for _, attribute := range span.Attributes() {
				if attribute.Key == "http.response.status_code" {
					status = attribute.Value.AsInt64()
				}
			}
			attempts = append(attempts, fmt.Sprint(span.Name(), ": ", status))
			assert.Equal(t, status != 200, span.Status().Code == codes.Error, span.Name())
			assert.Equal(t, whole.SpanContext().SpanID(), span.Parent().SpanID())
		}
		assert.Equal(t, []string{
			"POST /chats/new: 420", "POST /chats/new: 200",
			"POST /chats/message: 500", "POST /chats/history: 200", "POST /chats/history: 200", // the chat is read
			"POST /chats/message: 200", // before the repetition
		}, attempts)

		written := log.String() + fmt.Sprintf("%+v", tracetest.SpanStubsFromReadOnlySpans(spans))
		assert.NotContains(t, written, token)
		assert.NotContains(t, written, text)
		assert.Contains(t, written, "url.full", "the attributes are looked at")
		assert.Equal(t, len(attempts), strings.Count(log.String(), "msg=attempt"), "the log has the same attempts")
	})
}
