// The fakes as a DLL, for a finished program: Windows and Wine load it for the classes that the registry names (register.reg).

#include "../activation.hpp"
#include "../threaded_windows.hpp"

#include <blau/error.hpp>

#include <activation.h>
#include <winstring.h>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <mutex>

namespace {

/// The world of $BLAU_FAKE_WINDOWS_WORLD, as long as the process.
void begin_once() {
  static std::once_flag once;
  std::call_once(once, [] {
    const char* file = std::getenv("BLAU_FAKE_WINDOWS_WORLD");
    blau::sim::WorldOptions options;
    options.real_time = true;
    auto* world =
        new blau::sim::World(file ? blau::sim::World::load(file, options) : blau::sim::World::default_world(options));
    // Neither is ever destroyed: the process ends beside its threads.
    new fake_windows::ThreadedWindows(*world);
  });
}

}  // namespace

extern "C" __declspec(dllexport) HRESULT __stdcall DllGetActivationFactory(HSTRING name, IActivationFactory** factory) {
  try {
    begin_once();
    UINT32 size = 0;
    const wchar_t* text = ::WindowsGetStringRawBuffer(name, &size);
    const auto made = fake_windows::make_factory({text, size});
    if (!made) return REGDB_E_CLASSNOTREG;
    auto as_factory = made.as<winrt::Windows::Foundation::IActivationFactory>();
    *factory = static_cast<IActivationFactory*>(winrt::detach_abi(as_factory));
    return S_OK;
  } catch (const blau::Error& error) {
    std::fprintf(stderr, "fake Windows: %s\n", error.what());
    return E_FAIL;
  } catch (...) {
    return winrt::to_hresult();
  }
}

extern "C" __declspec(dllexport) HRESULT __stdcall DllCanUnloadNow() { return S_FALSE; }
