/* commands.h - the subcommands; each is described in its own file. argv[0] is
 * the subcommand's name. They return an exit code of cli.h. */
#ifndef RH_COMMANDS_H
#define RH_COMMANDS_H

int rh_cmd_config(int argc, char **argv);
int rh_cmd_frame(int argc, char **argv);
int rh_cmd_serve(int argc, char **argv);
int rh_cmd_transcribe(int argc, char **argv);
int rh_cmd_analyze(int argc, char **argv);
int rh_cmd_report(int argc, char **argv);
int rh_cmd_model(int argc, char **argv);
int rh_cmd_doctor(int argc, char **argv);
int rh_cmd_audit(int argc, char **argv);
int rh_cmd_store(int argc, char **argv);
int rh_cmd_token(int argc, char **argv);

#endif
