// The program shows the attempts of calls as spans: one for each request, retries and the look into the chat included,
// below a span of its own. The Market is the sandbox, which first says no.
package main

import (
	"context"
	"log"
	"log/slog"
	"net/http"
	"os"
	"regexp"

	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.opentelemetry.io/otel/exporters/stdout/stdouttrace"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/ymarket-go/chats/sandbox"
	"github.com/ymarket-go/chats/wrapper"
)

func main() {
	exporter, err := stdouttrace.New(stdouttrace.WithPrettyPrint())
	if err != nil {
		log.Fatal(err)
	}
	provider := sdk.NewTracerProvider(sdk.WithSyncer(exporter))
	logger := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelDebug}))
	if err := converse(context.Background(), provider, logger, "any", "Your order is on its way."); err != nil {
		log.Fatal(err)
	}
}

// converse starts a chat and sends a text. The first request meets a 420, the first send a 500.
func converse(ctx context.Context, provider trace.TracerProvider, logger *slog.Logger, token, text string) error {
	market := sandbox.New()
	market.Script(sandbox.OperationCreateChat, sandbox.TooMany())
	market.Script(sandbox.OperationSendMessageToChat, sandbox.Fail(500, "INTERNAL_ERROR", "try later"))
	client, err := wrapper.New(12345, wrapper.APIKey(token),
		wrapper.WithHTTPClient(&http.Client{Transport: market.RoundTripper()}),
		wrapper.WithMiddleware(tracing(provider)),
		wrapper.WithLogger(logger),
	)
	if err != nil {
		return err
	}
	ctx, span := provider.Tracer("shop").Start(ctx, "tell the buyer")
	defer span.End()
	chat, err := client.CreateChat(ctx, wrapper.Order(67890))
	if err != nil {
		return err
	}
	return client.SendMessage(ctx, chat.ChatID, text)
}

// tracing makes a span of each attempt. The middleware wraps a Doer and otelhttp a RoundTripper, so each is dressed
// up as the other. Neither sees the key: it is added further in.
func tracing(provider trace.TracerProvider) func(wrapper.Doer) wrapper.Doer {
	return func(next wrapper.Doer) wrapper.Doer {
		return doer{otelhttp.NewTransport(roundTripper{next},
			otelhttp.WithTracerProvider(provider), otelhttp.WithSpanNameFormatter(name))}
	}
}

type doer struct{ http.RoundTripper }

func (d doer) Do(req *http.Request) (*http.Response, error) { return d.RoundTrip(req) }

type roundTripper struct{ wrapper.Doer }

func (r roundTripper) RoundTrip(req *http.Request) (*http.Response, error) { return r.Do(req) }

var cabinet = regexp.MustCompile(`^.*/businesses/[0-9]+`)

// name is the same for all cabinets and chats, as backends group spans by it.
func name(_ string, req *http.Request) string {
	return req.Method + " " + cabinet.ReplaceAllString(req.URL.Path, "")
}
