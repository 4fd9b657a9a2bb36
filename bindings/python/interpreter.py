"""Tells the build of an interpreter, a line each: its headers, the suffix of its extension modules, where below a
prefix it looks for packages, its library for embedding and what that links. (Meson's own python module needs distutils,
which 3.12 dropped.)"""

import sys
import sysconfig

prefix = sys.argv[1]
version = f"python{sys.version_info[0]}.{sys.version_info[1]}"
if "posix_local" not in sysconfig.get_scheme_names():
    packages = sysconfig.get_path("platlib", "posix_prefix", {"base": prefix, "platbase": prefix})
elif prefix == "/usr":
    packages = "lib/python3/dist-packages"
else:
    packages = f"lib/{version}/dist-packages"
print(sysconfig.get_path("include"))
print(sysconfig.get_config_var("EXT_SUFFIX"))
print(packages)
print(sysconfig.get_config_var("LIBDIR"))
print("python" + sysconfig.get_config_var("LDVERSION"))
print(*(sysconfig.get_config_var(name) for name in ("LIBS", "SYSLIBS", "LINKFORSHARED")))
