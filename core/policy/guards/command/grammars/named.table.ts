/**
 * Programs that can run others, write anywhere, or open a shell, and have no grammar here: an entry of the policy must name
 * the words they are used with. The names follow the public catalogues of such programs, GTFOBins and LOLBAS.
 */

const UNIX =
  "wget wget2 choom last lastb red needrestart neofetch passwd plymouth rustdoc task urlget zic alpine nm lessfile convert magick mogrify composite identify bunx 7z 7za 7zr R Rscript aa-exec ab ack acr adduser ag agetty ansible ansible-playbook ansible-test aoss apache2 apache2ctl apport-cli apt " +
  "apt-get aptitude ar arch-nspawn aria2c arj arp as ascii-xfr ascii85 ash aspell asterisk at atobm autoconf autoheader autoreconf " +
  "automake aws az base32 base58 base64 basenc basez bash bashbug bat batcat batch bbot bc bconsole bee borg bpftrace bpython bridge brew " +
  "btrfs builtin bun bundle bundler busctl busybox byebug bzip2 c89 c99 cabal cancel capsh cargo-run cc cdist certbot check_by_ssh check_cups " +
  "check_log check_memory check_raid check_ssl_cert check_statusfile chattr chgrp chown chroot chrt clamscan clang clisp cmake cobc code " +
  "codex composer conda coproc cowsay cowthink cpan cpio cpulimit crash crontab csh csplit csvtool ctr cupsfilter curlftpfs cvs daemon dash " +
  "dc dd debugfs delv deno dialog diff3 direnv distcc dmesg dmidecode dmsetup dnf dnsmasq doas docker docker-compose dos2unix dosbox dotnet dpkg " +
  "dstat dvips easy_install easyrsa eb ed efax egawk elvish elixir emacs emacsclient enscript env entr eqn erl espeak eval ex exec exiftool expand expect " +
  "export facter fail2ban-client fakeroot fastfetch fd fdfind fetch ffmpeg finger firejail fish flatpak flock fmt fping forge ftp fzf g++ " +
  "gcc gcloud gcore gdb gdrive gem genie genisoimage getcap getent ghc ghci gh ghostscript gimp ginsh git-shell glab gnuplot gnuradio go-run gosu gpg gradle gradlew grc " +
  "gs gsettings gsutil gtester guile gvim hashcat hd helm hexdump hg highlight hping3 hyperfine iconv iex iftop inetutils-telnet info inotifywait install " +
  "invoke ip iptables iptables-save ipython irb ispell jar java javac jdb jjs joe journalctl jrunscript jshell jtag julia kak kernel-install kill killall " +
  "knife kotlin kotlinc ksh ksu ksshell kubectl latex latexmk ld ld.so ld-linux.so.2 ld-linux-x86-64.so.2 ldconfig ldd ldapsearch less lessecho lesspipe lftp lldb links linux32 " +
  "linux64 llvm local loginctl logrotate logsave look lp ltrace lua luac luajit lualatex luatex lwp-download lwp-request lxc lxd lynx lzma m4 mail mailx man mariadb mate " +
  "mcedit mcookie minicom mknod mksh mksquashfs mmcli mmdebstrap modprobe more mosh mosquitto mount mpv msfconsole msgattrib msgcat msgconv msgfilter msgmerge msguniq mtr " +
  "multipass multitime mutt mvn mvnw mysql mysqldump named nano nasm nc ncat ncdu ncftp neovim neomutt nerdctl netcat nft nginx nghttp nim ninja nix nix-shell nmap node-gyp " +
  "nodejs npx nroff nsenter ntpdate nu nvim nx ocaml ocamlfind octave od open opencode openssl openvpn openvt opkg ov pacman pandoc pax pdb pdflatex pdftex perf perl perlbug " +
  "pexec pg pg_dump php pic pico pidstat pip pip3 pipenv pipx pkexec pkg pkill pnpx podman poetry posh powershell pr procmail prometheus proot pry psftp psql ptx puppet pwsh pyenv pygmentize pypy " +
  "pypy3 python python2 python3 qemu qpdf rake ranger rc rclone read readelf redcarpet redis redis-cli register restic rlogin rlwrap rpm rpmdb rpmquery rpmverify rsync rsyslogd rtorrent " +
  "ruby run-mailcap run-parts runscript runuser rustup rview rvim rye samtools sash scala scanmem scp screen script scrot service set setarch setcap setfacl setlock setpriv setsid sftp " +
  "sg sh shred skopeo slapcat slsh smbclient smbmap snap snapper socat socket soelim softlimit source split sqlcmd sqlite3 sqlmap ss ssh ssh-add ssh-agent ssh-copy-id ssh-keygen ssh-keyscan " +
  "sshfs sshpass sshuttle start-stop-daemon strace strings su sudo sudoedit sulogin svn swift sysctl systemctl systemd-resolve systemd-run systemd-inhibit tailscale talk taskset tasksh tbl tcl tclsh " +
  "tcpdump tcsh tdbtool telinit telnet terraform terraform-docs tex texindex tftp tic timedatectl tmate tmux toe top torify torsocks tox trap troff truncate ts-node tsx tshark ul unexpand unset " +
  "unshare unsquashfs unxz unzstd update-alternatives useradd usermod uudecode uuencode uv uvx vagrant valgrind varnishncsa vercel vi view vigr vim vimdiff vipw virsh visudo volatility w3m wall watch watchman " +
  "wg-quick whiptail whois wine wireshark wish write xargs xdg-open xdg-user-dir xdotool xelatex xetex xmodmap xmore xpad xonsh xxd xz yarnpkg yash yelp yt-dlp youtube-dl yum zathura zcat " +
  "zgrep zless zmore zip zipdetails zsh zsoelim zstd zypper alias bind complete compgen declare dirs disown enable fc hash history jobs let mapfile popd pushd readarray readonly shopt typeset ulimit umask unalias " +
  "wait dircolors logger mesg nsupdate patch pinky quilt rename resize savelog sha1pass sponge stty sync tput tset vidir vipe xclip xsel pbcopy pbpaste osascript security defaults launchctl " +
  "dscl csrutil diskutil hdiutil installer pkgutil plutil sqlite softwareupdate spctl tccutil textutil say caffeinate codesign ditto mdfind mdls networksetup nvram pmset scutil sips swiftc xcodebuild xcrun " +
  "ansible-vault crictl cmake3 ctest meson ninja-build scons bazel buck gulp grunt webpack vite rollup parcel esbuild nodemon pm2 forever concurrently lerna turbo next nuxt ng vue expo cordova react-native electron " +
  "heroku flyctl netlify wrangler serverless sam cdk pulumi packer vault consul nomad op pass bw keyring secret-tool doppler kubeadm kubelet minikube kind k3s k9s istioctl argocd flux eksctl oc skaffold tilt";

const WINDOWS =
  "acccheckconsole addinprocess addinutil adplus advpack agentexecutor appcert appinstaller applaunch appvlp aspnet_compiler at.exe atbroker auditpol " +
  "bcdedit bcp bginfo bitsadmin cdb certoc certreq certutil change cipher cl_invocation cl_loadassembly cl_mutexverifiers cmd cmdkey cmdl32 cmstp " +
  "colorcpl comp comsvcs conhost configsecuritypolicy control coregen createdump csc cscript csi customshellhost datasvcutil defaultpack desk desktopimgdownldr " +
  "devicecredentialdeployment devinit devtoolslauncher devtunnel dfshim dfsvc diantz diskshadow dllhost dnscmd dnx dotnet dsdbutil dtutil dump64 dumpminitool dxcap ecmangen " +
  "esentutl eventvwr excel expand explorer extexport extrac32 findstr fltmc forfiles fsi fsianycpu fsutil ftp fusion gfxdownloadwrapper gpscript hh ieadvpack ieaframe " +
  "ieexec ie4uinit ilasm imewdbld infdefaultinstall installutil iscsicpl jsc ldifde launch-vsdevshell ltr makecab manage-bde mavinject microsoft.workflow.compiler mmc mpcmdrun msaccess " +
  "msbuild msconfig msdeploy msdt msedge msedge_proxy msedgewebview2 mshta mshtml msiexec msohtmed mspub msxsl net netsh ngen ntdsutil ntsd odbcconf offlinescannershell onedrivestandaloneupdater " +
  "openconsole pcalua pcwrun pcwutl pester pixtool pnputil powerpnt powershell presentationhost print printbrm procdump protocolhandler provlaunch psr pubprn query rasautou rcsi rdrleakdiag reg regasm " +
  "regedit regini register-cimprovider regsvcs regsvr32 remote replace reset rpcping rundll32 runexehelper runonce runscripthelper sc schtasks scriptrunner scrobj setres setupapi settingsynchost sftp shdocvw shell32 " +
  "shimgvw sqldumper sqlps sqltoolsps squirrel ssh-keygen stordiag syncappvpublishingserver syssetup tar.exe te teams testwindowremoteagent tracker ttdinject tttracer unregmp2 update url utilityfunctions vbc verclsid " +
  "vsdiagnostics vshadow vsiisexelauncher vsjitdebugger vslaunchbrowser vsls-agent vssadmin vstest.console wab wbadmin wbemtest wevtutil wfc wfmformat winfile winget winrm winword wmic workfolders wscript wsl wsreset wt wuauclt xwizard " +
  "zipfldr visio xsd devenv curl.exe start call copy del rd move xcopy robocopy takeown icacls attrib reg.exe iex invoke-expression invoke-webrequest";

export const NAMED_ONLY: ReadonlySet<string> = new Set(
  `${UNIX} ${WINDOWS}`.split(" ").map((name) => name.toLowerCase()),
);

/** Ends of names of Windows programs and scripts. */
export const WINDOWS_ENDS: readonly string[] =
  ".exe .com .bat .cmd .ps1 .psm1 .vbs .vbe .js .jse .wsf .wsh .msc .msi .dll .cpl .scr .hta .inf".split(" ");
