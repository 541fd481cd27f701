#include <libxml/xmlversion.h>
// libxml2's ICU support drags in ICU headers that clash with Foundation's own; nothing here uses them.
#undef LIBXML_ICU_ENABLED
#include <libxml/parser.h>
#include <libxml/parserInternals.h>
#include <libxml/xmlerror.h>
#include <libxml/xmlschemas.h>
#include <libxml/dict.h>
#include <libxml/uri.h>

/// `xmlFree` is a mutable global function pointer, which Swift 6 does not import.
static inline void emip_xmlFree(void *pointer) { xmlFree(pointer); }
