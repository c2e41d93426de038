// Names for clang's thread-safety attributes (-Wthread-safety); other compilers see nothing. A field
// that a mutex guards says so with MR_GUARDED_BY, a function that must be called with the mutex held
// with MR_REQUIRES. See mutex.h for the mutex these apply to.
#pragma once

#if defined(__clang__)
#define MR_THREAD_ATTRIBUTE_(x) __attribute__((x))
#else
#define MR_THREAD_ATTRIBUTE_(x)
#endif

#define MR_CAPABILITY(name) MR_THREAD_ATTRIBUTE_(capability(name))
#define MR_SCOPED_CAPABILITY MR_THREAD_ATTRIBUTE_(scoped_lockable)
#define MR_GUARDED_BY(mutex) MR_THREAD_ATTRIBUTE_(guarded_by(mutex))
#define MR_PT_GUARDED_BY(mutex) MR_THREAD_ATTRIBUTE_(pt_guarded_by(mutex))
#define MR_REQUIRES(...) MR_THREAD_ATTRIBUTE_(requires_capability(__VA_ARGS__))
#define MR_EXCLUDES(...) MR_THREAD_ATTRIBUTE_(locks_excluded(__VA_ARGS__))
#define MR_ACQUIRE(...) MR_THREAD_ATTRIBUTE_(acquire_capability(__VA_ARGS__))
#define MR_TRY_ACQUIRE(...) MR_THREAD_ATTRIBUTE_(try_acquire_capability(__VA_ARGS__))
#define MR_RELEASE(...) MR_THREAD_ATTRIBUTE_(release_capability(__VA_ARGS__))
#define MR_RETURN_CAPABILITY(mutex) MR_THREAD_ATTRIBUTE_(lock_returned(mutex))
#define MR_NO_THREAD_SAFETY_ANALYSIS MR_THREAD_ATTRIBUTE_(no_thread_safety_analysis)
