/**
 * Commands that are forbidden whatever a policy allows, in the form of `denied_commands`: a program, or a program with the
 * words that lead to what it must not do.
 */

/** What stops the machine or wipes its disks. */
const DESTROYS: readonly string[] = [
  "shutdown",
  "reboot",
  "halt",
  "poweroff",
  "init 0",
  "init 6",
  "telinit",
  "systemctl poweroff",
  "systemctl reboot",
  "systemctl halt",
  "systemctl kexec",
  "systemctl rescue",
  "systemctl emergency",
  "kexec",
  "mkswap",
  "wipefs",
  "blkdiscard",
  "fdisk",
  "sfdisk",
  "cfdisk",
  "gdisk",
  "sgdisk",
  "parted",
  "hdparm",
  "badblocks",
  "cryptsetup",
  "lvremove",
  "vgremove",
  "pvremove",
  "zpool destroy",
  "zfs destroy",
  "diskutil erasedisk",
  "diskutil erasevolume",
  "diskutil zerodisk",
  "diskutil secureerase",
  "killall5",
  "vssadmin delete",
  "crontab -r",
  "userdel",
  "visudo",
  "insmod",
  "modprobe",
  "debugfs",
];

/**
 * Words of the shell itself that run their words as code, make later words mean something else, or show the environment.
 * Only a shell knows them: behind a wrapper they are names like others.
 */
export const DENIED_BUILTINS: readonly string[] = (
  "eval exec source . alias trap enable shopt hash builtin set export declare typeset readonly compgen " +
  "bind history"
).split(" ");

/** What shows credentials, or the environment that holds them. */
const SHOWS_SECRETS: readonly string[] = [
  "printenv",
  "security",
  "gcloud auth",
  "gcloud config config-helper",
  "gcloud secrets",
  "az account get-access-token",
  "az keyvault",
  "az acr login",
  "aws configure",
  "aws sts get-session-token",
  "aws sts get-federation-token",
  "aws sts assume-role",
  "aws secretsmanager",
  "aws ssm get-parameter",
  "aws ssm get-parameters",
  "aws ecr get-login-password",
  "aws sso",
  "gh auth",
  "glab auth",
  "vault read",
  "vault kv",
  "vault print",
  "vault token",
  "vault login",
  "kubectl config",
  "kubectl get secret",
  "kubectl get secrets",
  "kubectl describe secret",
  "kubectl describe secrets",
  "kubectl create token",
  "oc whoami -t",
  "docker login",
  "doctl auth",
  "heroku auth:token",
  "heroku config",
  "flyctl auth",
  "op read",
  "op item",
  "op document",
  "pass show",
  "bw get",
  "bw unlock",
  "lpass show",
  "secret-tool",
  "keyring get",
  "kwallet-query",
  "doppler secrets",
  "chamber read",
  "aws-vault exec",
  "sops -d",
  "sops --decrypt",
  "sops decrypt",
  "ansible-vault view",
  "ansible-vault decrypt",
  "gpg --export-secret-keys",
  "gpg --export-secret-subkeys",
  "gpg2 --export-secret-keys",
  "git credential",
  // Without a script of that name they list the environment.
  "npm run env",
  "npm run-script env",
  "pnpm run env",
  "yarn run env",
  "yarn run node",
  "npm token",
  "npm config",
  "npm profile",
  "pnpm config",
  "yarn config",
  "pip config",
  "cmdkey",
  "getent shadow",
];

export const ALWAYS_DENIED: readonly string[] = [...DESTROYS, ...SHOWS_SECRETS];

/** Programs whose names start like this make file systems. */
export const DENIED_PREFIXES: readonly string[] = ["mkfs", "mke2fs", "newfs"];

/** Names of variables that an assignment may set: they change what is shown, never what is run or where it is found. */
export const HARMLESS_VARIABLES: readonly string[] = (
  "NODE_ENV CI DEBUG FORCE_COLOR NO_COLOR CLICOLOR CLICOLOR_FORCE TZ LANG LC_ALL " +
  "LC_COLLATE LC_CTYPE LC_MESSAGES LC_NUMERIC LC_TIME RUST_BACKTRACE RUST_LOG COLUMNS LINES TERM PORT " +
  "LOG_LEVEL VERBOSE GOOS GOARCH CGO_ENABLED PYTHONUNBUFFERED PYTHONDONTWRITEBYTECODE PYTHONHASHSEED " +
  "CARGO_TERM_COLOR GIT_TERMINAL_PROMPT GIT_OPTIONAL_LOCKS APP_ENV RAILS_ENV"
).split(" ");

/**
 * Variables that choose programs, libraries, settings or proxies: forbidden whatever is allowed. A star stands for the rest of
 * a name.
 */
export const VEHICLE_VARIABLES: readonly string[] = (
  "LD_* DYLD_* PATH IFS ENV BASH* SHELL* PS0 PS1 PS4 PROMPT_* HOME CDPATH GLOBIGNORE POSIXLY_* GIT_* " +
  "SSH_* GPG_* PAGER MAN* EDITOR VISUAL BROWSER LESS* NODE_* NPM_* YARN_* PNPM_* COREPACK_* VITE* " +
  "JEST_* TS_NODE_* BUN_* DENO_* PYTHON* PYTEST_* PIP_* VIRTUAL_ENV UV_* POETRY_* PERL* RUBY* GEM_* " +
  "BUNDLE_* RACK_* JAVA_* _JAVA_* JDK_* CLASSPATH MAVEN_* MAVEN_OPTS GRADLE_* GO* CARGO* RUST* MAKE* " +
  "MFLAGS CC CXX CPP AR AS LD CFLAGS CXXFLAGS LDFLAGS RIPGREP_* GREP_* TAR_* GZIP ZIP* UNZIP* XZ_* JQ_* " +
  "FZF_* LUA_* PHP* TCL* SQLITE_* PG* MYSQL_* XDG_* TMP* TEMP HTTP_* HTTPS_* ALL_PROXY NO_PROXY FTP_* " +
  "CURL_* WGET* REQUESTS_* SSL_* OPENSSL_* AWS_* AZURE_* GOOGLE_* CLOUDSDK_* KUBE* DOCKER_* VAULT_* " +
  "GCONV_* LOCPATH NLSPATH GLIBC_* MALLOC_* TERMINFO* TERMCAP HOSTALIASES RES_* LOCALDOMAIN DISPLAY " +
  "XAUTHORITY DBUS_* SUDO_* WATCH* EXINIT VIM* MYVIM* FCEDIT HIST* FPATH ZDOTDIR LOGNAME USER"
).split(" ");

/** Options of programs without a grammar that are known to run, load or write something, without their dashes. */
export const VEHICLE_OPTIONS: readonly string[] = (
  "exec eval command cmd run shell script call config conf rc init preload load require import include " +
  "plugin plugins extension module output out log file hook editor pager browser filter pre post " +
  "compress use to checkpoint rsh proxy agent program interpreter execute code expression system spawn " +
  "upload download write save dump edit delete remove root dir directory prefix path"
).split(" ");
