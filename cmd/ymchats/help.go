package main

import (
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// flagUsages describes flags. pflag would write [=true|false] behind each that is given without a value.
func flagUsages(flags *pflag.FlagSet) string {
	described := pflag.NewFlagSet("", pflag.ContinueOnError)
	flags.VisitAll(func(flag *pflag.Flag) {
		f := *flag
		if f.Value.Type() == "bool" {
			f.Value = switchValue{f.Value}
		}
		described.AddFlag(&f)
	})
	return described.FlagUsages()
}

// switchValue is a value whose flag says all by being there.
type switchValue struct{ pflag.Value }

func (switchValue) Type() string { return "boolfunc" }

// cobra keeps the functions of its templates once for all commands of a program.
func init() { cobra.AddTemplateFunc("flagUsages", flagUsages) }

// plainHelp makes the help of all commands describe flags by flagUsages.
func plainHelp(root *cobra.Command) {
	const ofCobra, ours = ".LocalFlags.FlagUsages", "flagUsages .LocalFlags"
	root.SetUsageTemplate(strings.Replace(root.UsageTemplate(), ofCobra, ours, 1))
}

// strictTopics makes help and completion refuse words that they do not know. cobra adds these commands when it runs,
// and prints their help then.
func strictTopics(root *cobra.Command) {
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd()
	for _, cmd := range root.Commands() {
		switch cmd.Name() {
		case "help":
			cmd.Args = func(_ *cobra.Command, words []string) error {
				if _, unknown, _ := root.Find(words); len(unknown) > 0 {
					return usageError{unknownCommand(root, unknown[0])}
				}
				return nil
			}
		case "completion":
			cmd.Args = noWords("completion needs one of bash, zsh, fish and powershell")
			cmd.RunE = func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
			for _, shell := range cmd.Commands() {
				shell.Args = noArguments
			}
		}
	}
}

// completeValues offers the values of a flag.
func completeValues(cmd *cobra.Command, flag string, values ...string) {
	_ = cmd.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp))
}

// completeRest offers nothing where a command has no completion of its own: a shell would offer files, and only
// --config takes one.
func completeRest(root *cobra.Command) {
	for _, cmd := range root.Commands() {
		if cmd.ValidArgsFunction == nil {
			cmd.ValidArgsFunction = cobra.NoFileCompletions
		}
		cmd.Flags().VisitAll(func(f *pflag.Flag) {
			if _, found := cmd.GetFlagCompletionFunc(f.Name); !found && f.Name != "config" {
				_ = cmd.RegisterFlagCompletionFunc(f.Name, cobra.NoFileCompletions)
			}
		})
	}
}
